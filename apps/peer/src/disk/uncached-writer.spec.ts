import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { TempDir } from '../../../../test/support/temp-dir.js';
import { PAGE_BYTES, UncachedWriter } from './uncached-writer.js';

/** Memory of its own pages. */
function pagesOf(bytes: Buffer): Buffer {
  const pages = Buffer.from(new ArrayBuffer(bytes.length, { maxByteLength: bytes.length }));
  bytes.copy(pages);
  return pages;
}

/** Whether the file system of these tests takes such writes at all. */
async function isTaken(path: string): Promise<boolean> {
  try {
    await (await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_DIRECT)).close();
    return true;
  } catch {
    return false;
  }
}

describe('UncachedWriter', () => {
  it('puts whole pages in their places, seen at once by whoever reads', async () => {
    await using folder = await TempDir.create();
    await using file = await open(folder.file('x'), 'w+');
    const expected = randomBytes(16 * PAGE_BYTES);
    await file.truncate(expected.length);
    await file.read(Buffer.alloc(expected.length)); // the zeros of the hole are in the cache
    const writer = new UncachedWriter(file);
    const places = [3, 0, 2, 1];
    const written = await Promise.all(
      places.map((place) => {
        const bytes = expected.subarray(place * 4 * PAGE_BYTES, (place + 1) * 4 * PAGE_BYTES);
        return writer.tryWrite(pagesOf(bytes), place * 4 * PAGE_BYTES);
      }),
    );
    await writer.close();
    const taken = await isTaken(folder.file('probe'));
    expect(written).toEqual(places.map(() => taken));
    const zeros = Buffer.alloc(expected.length);
    expect((await readFile(folder.file('x'))).equals(taken ? expected : zeros)).toBe(true);
  });

  it('leaves alone what is no whole page, or not in its place', async () => {
    await using folder = await TempDir.create();
    await using file = await open(folder.file('x'), 'w+');
    const writer = new UncachedWriter(file);
    const page = pagesOf(randomBytes(PAGE_BYTES));
    expect(await writer.tryWrite(page.subarray(0, 100), 0)).toBe(false);
    expect(await writer.tryWrite(page, 100)).toBe(false);
    await writer.close();
    expect((await file.stat()).size).toBe(0);
  });

  it('says no to memory that does not begin at a page, and from then on to all', async () => {
    await using folder = await TempDir.create();
    await using file = await open(folder.file('x'), 'w+');
    const writer = new UncachedWriter(file);
    const shifted = pagesOf(randomBytes(2 * PAGE_BYTES)).subarray(1, PAGE_BYTES + 1);
    expect(await writer.tryWrite(shifted, 0)).toBe(false);
    expect(await writer.tryWrite(pagesOf(randomBytes(PAGE_BYTES)), 0)).toBe(false);
    await writer.close();
  });

  it('writes to the open file after another has taken its path', async () => {
    await using folder = await TempDir.create();
    await using file = await open(folder.file('x'), 'w+');
    await (await open(folder.file('other'), 'w')).close();
    await rename(folder.file('other'), folder.file('x'));
    const writer = new UncachedWriter(file);
    const bytes = randomBytes(PAGE_BYTES);
    const taken = await writer.tryWrite(pagesOf(bytes), 0);
    await writer.close();
    expect(await readFile(folder.file('x'))).toHaveLength(0);
    expect((await file.stat()).size).toBe(taken ? PAGE_BYTES : 0);
  });

  it('takes no more once it is closed, and may be closed twice', async () => {
    await using folder = await TempDir.create();
    await using file = await open(folder.file('x'), 'w+');
    const writer = new UncachedWriter(file);
    await writer.tryWrite(pagesOf(randomBytes(PAGE_BYTES)), 0);
    await Promise.all([writer.close(), writer.close()]);
    expect(await writer.tryWrite(pagesOf(randomBytes(PAGE_BYTES)), 0)).toBe(false);
  });
});
