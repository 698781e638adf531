import { open, readFile, type FileHandle } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TempDir } from '../../../../test/support/temp-dir.js';
import { ChunkWriter } from './chunk-writer.js';

const UNIT_BYTES = 7;

/** A real file whose every call writes at most `maxCallBytes`, as systems may. */
function stingy(handle: FileHandle, maxCallBytes: number): { handle: FileHandle; calls: number[] } {
  const calls: number[] = [];
  const write = async (bytes: Uint8Array, _from: number, _length: number, offset: number) => {
    calls.push(bytes.length);
    return handle.write(bytes, 0, Math.min(bytes.length, maxCallBytes), offset);
  };
  const writev = async (buffers: readonly Uint8Array[], offset: number) => {
    const whole = Buffer.concat(buffers);
    const { bytesWritten } = await write(whole, 0, whole.length, offset);
    return { bytesWritten, buffers };
  };
  return { handle: { write, writev } as unknown as FileHandle, calls };
}

describe('ChunkWriter', () => {
  it('puts every byte in its place, whatever the order and however little a call takes', async () => {
    await using folder = await TempDir.create();
    const cases = fc.record({
      places: fc.shuffledSubarray(Array.from({ length: 12 }, (_, place) => place)),
      maxCallBytes: fc.integer({ min: 1, max: 40 }),
      maxCallCount: fc.integer({ min: 1, max: 4 }),
    });
    const property = fc.asyncProperty(cases, async ({ places, maxCallBytes, maxCallCount }) => {
      await using file = await open(folder.file('x'), 'w');
      const writer = new ChunkWriter(stingy(file, maxCallBytes).handle, { maxCallCount });
      const expected = Buffer.alloc(
        places.length === 0 ? 0 : (Math.max(...places) + 1) * UNIT_BYTES,
      );
      const writes = places.map((place) => {
        const bytes = Buffer.alloc(UNIT_BYTES, place + 1);
        bytes.copy(expected, place * UNIT_BYTES);
        return writer.write(bytes, place * UNIT_BYTES);
      });
      await Promise.all(writes);
      expect((await readFile(folder.file('x'))).equals(expected)).toBe(true);
    });
    await fc.assert(property, { numRuns: 100 });
  });

  it('writes neighbours that waited in one call', async () => {
    await using folder = await TempDir.create();
    await using file = await open(folder.file('x'), 'w');
    const { handle, calls } = stingy(file, 1_000);
    const writer = new ChunkWriter(handle, { maxCallCount: 1 });
    const order = [0, 3, 1, 9, 2];
    await Promise.all(order.map((place) => writer.write(Buffer.alloc(10), place * 10)));
    expect(calls).toEqual([40, 10]);
  });

  it('has as many calls under way as it may, and no more', async () => {
    await using folder = await TempDir.create();
    await using file = await open(folder.file('x'), 'w');
    let underWay = 0;
    const counts: number[] = [];
    const write = async (bytes: Uint8Array, from: number, length: number, offset: number) => {
      counts.push((underWay += 1));
      const written = await file.write(bytes, from, length, offset);
      underWay -= 1;
      return written;
    };
    const writer = new ChunkWriter({ write } as unknown as FileHandle, { maxCallCount: 3 });
    const places = Array.from({ length: 12 }, (_, place) => place * 20); // none beside another
    await Promise.all(places.map((place) => writer.write(Buffer.alloc(10), place)));
    expect(counts).toHaveLength(12);
    expect(Math.max(...counts)).toBe(3);
  });

  it('says to each of those it concerns that a call failed, and goes on', async () => {
    await using file = await open('/dev/full', 'w');
    const writer = new ChunkWriter(file, { maxCallCount: 2 });
    const writes = [0, 10, 90].map((offset) => writer.write(Buffer.alloc(10), offset));
    const results = await Promise.allSettled(writes);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await expect(writer.write(Buffer.alloc(1), 0)).rejects.toMatchObject({ code: 'ENOSPC' });
  });
});
