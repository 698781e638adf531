import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashBytes } from '../hash.js';
import { toChunkIndex } from '../ids.js';
import { HASH_BYTES, MIN_CHUNK_BYTES } from '../limits.js';
import { ChunkLayout } from './chunk-layout.js';
import { Manifest, MANIFEST_HEADER_BYTES, ManifestDigest } from './manifest.js';

const refusal = (code: string) => expect.objectContaining({ name: 'ProtocolError', code }) as Error;

function manifestOf(chunkCount: number, lastBytes = MIN_CHUNK_BYTES): Manifest {
  const sizeBytes = chunkCount === 0 ? 0 : (chunkCount - 1) * MIN_CHUNK_BYTES + lastBytes;
  const hashes = Uint8Array.from({ length: chunkCount * HASH_BYTES }, (_, index) => index % 251);
  return Manifest.fromHashes({ sizeBytes, hashes });
}

describe('Manifest', () => {
  it('has canonical bytes that are spelled out here', () => {
    const manifest = manifestOf(2, 1);
    const expected = Buffer.concat([
      Buffer.from('shoal-manifest\0'),
      Buffer.from([1]),
      Buffer.from([0, 1]),
      Buffer.from([0, 0, 0, 0, 0, 4, 0, 1]),
      Buffer.from([0, 4, 0, 0]),
      Buffer.from([0, 0, 0, 2]),
      manifest.hashes,
    ]);
    expect(MANIFEST_HEADER_BYTES).toBe(34);
    expect(Buffer.from(manifest.canonicalBytes())).toEqual(expected);
    expect(manifest.digest).toBe(`b3:${Buffer.from(hashBytes(expected)).toString('hex')}`);
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.integer({ min: 1, max: MIN_CHUNK_BYTES }), (count, lastBytes) => {
        const manifest = manifestOf(count, lastBytes);
        expect(Manifest.fromCanonicalBytes(manifest.canonicalBytes())).toEqual(manifest);
      }),
    );
  });

  it('is read from a view, and does not look into it later', () => {
    const manifest = manifestOf(3);
    const memory = Buffer.concat([Buffer.of(9), manifest.canonicalBytes(), Buffer.of(9)]);
    const read = Manifest.fromCanonicalBytes(memory.subarray(1, -1));
    memory.fill(0);
    expect(read).toEqual(manifest);
  });

  it('refuses canonical bytes when any byte of the header differs', () => {
    const bytes = manifestOf(3).canonicalBytes();
    for (let index = 0; index < MANIFEST_HEADER_BYTES; index += 1) {
      for (const flip of [0x01, 0x80]) {
        // Another length within the last chunk is another valid manifest.
        if (index === 25 || (index === 24 && flip === 0x01) || index === 23) continue;
        const damaged = Uint8Array.from(bytes);
        damaged[index]! ^= flip;
        expect(() => Manifest.fromCanonicalBytes(damaged), `byte ${index}`).toThrow(
          expect.objectContaining({ name: 'ProtocolError' }) as Error,
        );
      }
    }
  });

  it('refuses canonical bytes with a byte too few or too many', () => {
    const bytes = manifestOf(2).canonicalBytes();
    for (let end = 0; end < bytes.length; end += 1) {
      expect(() => Manifest.fromCanonicalBytes(bytes.subarray(0, end))).toThrow(
        refusal('INVALID_MANIFEST'),
      );
    }
    expect(() => Manifest.fromCanonicalBytes(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(
      refusal('INVALID_MANIFEST'),
    );
  });

  it('refuses a length that no file has', () => {
    const tooLarge = manifestOf(0).canonicalBytes();
    tooLarge.set([0, 0, 8, 0, 0, 0, 0, 1], 18);
    expect(() => Manifest.fromCanonicalBytes(tooLarge)).toThrow(refusal('FILE_TOO_LARGE'));
    tooLarge.fill(0xff, 18, 26);
    expect(() => Manifest.fromCanonicalBytes(tooLarge)).toThrow(refusal('INVALID_MANIFEST'));
  });

  it('throws nothing but ProtocolError, whatever the bytes', () => {
    const start = manifestOf(0).canonicalBytes();
    fc.assert(
      fc.property(fc.nat(start.length), fc.uint8Array({ maxLength: 100 }), (end, tail) => {
        try {
          Manifest.fromCanonicalBytes(Buffer.concat([start.subarray(0, end), tail]));
        } catch (error) {
          expect(error).toMatchObject({ name: 'ProtocolError' });
        }
      }),
    );
  });

  it('gives each chunk its hash, and none beyond the last', () => {
    const manifest = manifestOf(3);
    expect(manifest.chunkHash(toChunkIndex(2))).toEqual(manifest.hashes.subarray(64, 96));
    for (const index of [-1, 3]) {
      expect(() => manifest.chunkHash(toChunkIndex(index))).toThrow(refusal('OUT_OF_RANGE'));
    }
  });

  it.each([0, 31, 32, 95, 97, 128])('refuses %i bytes of hashes for 3 chunks', (hashBytes) => {
    const content = { sizeBytes: 3 * MIN_CHUNK_BYTES, hashes: new Uint8Array(hashBytes) };
    expect(() => Manifest.fromHashes(content)).toThrow(refusal('INVALID_MANIFEST'));
  });
});

describe('ManifestDigest', () => {
  it('is the same however the hashes are paged', () => {
    const manifest = manifestOf(20);
    fc.assert(
      fc.property(fc.array(fc.nat(manifest.hashes.length), { maxLength: 6 }), (cuts) => {
        const digest = new ManifestDigest(manifest.layout);
        let start = 0;
        for (const end of [...cuts.sort((a, b) => a - b), manifest.hashes.length]) {
          digest.update(manifest.hashes.subarray(start, end));
          start = end;
        }
        expect(digest.digest()).toBe(manifest.digest);
      }),
    );
  });

  it('is refused while hashes are missing, or when there are too many', () => {
    const digest = new ManifestDigest(ChunkLayout.forSize(MIN_CHUNK_BYTES + 1));
    expect(() => digest.update(new Uint8Array(32)).digest()).toThrow(refusal('INVALID_MANIFEST'));
    expect(digest.update(new Uint8Array(32)).digest()).toMatch(/^b3:/);
    expect(() => digest.update(new Uint8Array(1)).digest()).toThrow(refusal('INVALID_MANIFEST'));
  });
});
