import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Manifest } from '#protocol';
import { buildManifest } from './manifest-builder.js';
import { verifyFile } from './verify-file.js';

const { signal } = new AbortController();
const CHUNK_BYTES = 256 * 1024;

async function newFile(bytes: Buffer): Promise<{ path: string; manifest: Manifest }> {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-verify-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file.bin');
  writeFileSync(path, bytes);
  const { manifest } = await buildManifest(path, { signal });
  return { path, manifest };
}

describe('verifyFile', () => {
  it('finds nothing wrong with an intact file, be it empty', async () => {
    for (const sizeBytes of [0, 1, CHUNK_BYTES * 9 + 3]) {
      const { path, manifest } = await newFile(randomBytes(sizeBytes));
      const seen: number[] = [0];
      const onProgress = (checkedBytes: number) => seen.push(checkedBytes);
      expect(await verifyFile(path, manifest, { signal, onProgress })).toEqual({
        badChunks: [],
        sizeBytes,
        sizeMatches: true,
      });
      expect(seen.at(-1)).toBe(sizeBytes);
    }
  });

  it('says which chunks differ', async () => {
    const bytes = randomBytes(CHUNK_BYTES * 9 + 3);
    const { path, manifest } = await newFile(bytes);
    for (const index of [2, 7, 9]) bytes[index * CHUNK_BYTES + 1]! ^= 1;
    writeFileSync(path, bytes);
    const { badChunks, sizeMatches } = await verifyFile(path, manifest, { signal });
    expect(badChunks).toEqual([2, 7, 9]);
    expect(sizeMatches).toBe(true);
  });

  it('counts what is missing from a short file, and notices a long one', async () => {
    const { path, manifest } = await newFile(randomBytes(CHUNK_BYTES * 9 + 3));
    appendFileSync(path, 'more');
    expect(await verifyFile(path, manifest, { signal })).toMatchObject({
      badChunks: [],
      sizeMatches: false,
    });
    truncateSync(path, CHUNK_BYTES * 7 + 1);
    expect(await verifyFile(path, manifest, { signal })).toMatchObject({
      badChunks: [7, 8, 9],
      sizeMatches: false,
    });
    truncateSync(path, 0);
    const empty = await verifyFile(path, manifest, { signal });
    expect(empty.badChunks).toHaveLength(10);
  });

  it('names a missing file and refuses a folder', async () => {
    const { path, manifest } = await newFile(Buffer.alloc(1));
    await expect(verifyFile(`${path}.none`, manifest, { signal })).rejects.toMatchObject({
      code: 'PATH_NOT_FOUND',
    });
    await expect(verifyFile(tmpdir(), manifest, { signal })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });
});
