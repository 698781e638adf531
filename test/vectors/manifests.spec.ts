import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ChunkLayout, hashBytes, Manifest, toChunkIndex } from '#protocol';

interface GoldenManifest {
  readonly name: string;
  readonly sizeBytes: number;
  /** Set when the file itself is made: byte i is i % 251. */
  readonly content?: string;
  /** Set when only the hashes are made: hash i is BLAKE3 of i as u32, big-endian. */
  readonly hashes?: string;
  readonly chunkBytes: number;
  readonly chunkCount: number;
  /** The canonical bytes up to the hashes. */
  readonly headerHex: string;
  /** Only of files with few chunks. */
  readonly chunkHashes?: readonly string[];
  readonly digest: string;
}

const manifests = JSON.parse(
  readFileSync(new URL('./manifests.json', import.meta.url), 'utf8'),
) as GoldenManifest[];

function hashesOfContent(layout: ChunkLayout): Uint8Array {
  const content = Uint8Array.from({ length: layout.sizeBytes }, (_, index) => index % 251);
  const hashes = Array.from({ length: layout.chunkCount }, (_, index) => {
    const start = layout.offsetBytes(toChunkIndex(index));
    return hashBytes(content.subarray(start, start + layout.lengthBytes(toChunkIndex(index))));
  });
  return Buffer.concat(hashes);
}

function madeUpHashes(layout: ChunkLayout): Uint8Array {
  const hashes = Array.from({ length: layout.chunkCount }, (_, index) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(index);
    return hashBytes(bytes);
  });
  return Buffer.concat(hashes);
}

describe('golden manifests', () => {
  it.each(manifests)('$name', (golden) => {
    const { sizeBytes } = golden;
    const layout = ChunkLayout.forSize(sizeBytes);
    const hashes = golden.content === undefined ? madeUpHashes(layout) : hashesOfContent(layout);
    const manifest = Manifest.fromHashes({ sizeBytes, hashes });
    const { chunkBytes, chunkCount, digest } = manifest;
    const hex = Buffer.from(manifest.canonicalBytes()).toString('hex');
    expect({ chunkBytes, chunkCount, digest }).toEqual({
      chunkBytes: golden.chunkBytes,
      chunkCount: golden.chunkCount,
      digest: golden.digest,
    });
    expect(hex.slice(0, golden.headerHex.length)).toBe(golden.headerHex);
    if (golden.chunkHashes !== undefined) {
      expect(hex).toBe(golden.headerHex + golden.chunkHashes.join(''));
    }
    expect(Manifest.fromCanonicalBytes(manifest.canonicalBytes()).digest).toBe(golden.digest);
  });
});
