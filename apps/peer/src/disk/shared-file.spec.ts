import { randomBytes } from 'node:crypto';
import {
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { toChunkIndex } from '#protocol';
import { HandleCache } from './handle-cache.js';
import { buildManifest } from './manifest-builder.js';
import { SharedFile } from './shared-file.js';

const { signal } = new AbortController();
const CHUNK_BYTES = 256 * 1024;

function newFile(bytes: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-shared-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file.bin');
  writeFileSync(path, bytes);
  return path;
}

async function share(path: string, handles: HandleCache): Promise<SharedFile> {
  const { manifest, stamp } = await buildManifest(path, { signal });
  return SharedFile.open(path, manifest, stamp, handles);
}

/** Descriptors of this process that lead to `folder`. */
function countOpen(folder: string): number {
  const isInside = (fd: string) => {
    const stats = statSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false });
    return stats !== undefined && inodesOf(folder).has(stats.ino);
  };
  return readdirSync('/proc/self/fd').filter(isInside).length;
}

function inodesOf(folder: string): Set<number> {
  return new Set(readdirSync(folder).map((name) => statSync(join(folder, name)).ino));
}

describe('SharedFile', () => {
  it('reads any chunk, many at once, into a given buffer or a new one', async () => {
    const bytes = randomBytes(5 * CHUNK_BYTES + 100);
    await using handles = new HandleCache(4);
    await using file = await share(newFile(bytes), handles);
    const reads = Array.from({ length: 60 }, async (_, turn) => {
      const chunkIndex = toChunkIndex(turn % 6);
      const buffer = turn % 2 === 0 ? Buffer.alloc(CHUNK_BYTES) : undefined;
      const chunk = await file.read(chunkIndex, buffer, { signal });
      const start = chunkIndex * CHUNK_BYTES;
      expect(Buffer.compare(chunk.bytes, bytes.subarray(start, start + CHUNK_BYTES))).toBe(0);
      if (buffer !== undefined) expect(chunk.bytes.buffer).toBe(buffer.buffer);
    });
    await Promise.all(reads);
  });

  it('never serves stale bytes, with or without a changed stamp', async () => {
    for (const sizeBytes of [1000, 3 * CHUNK_BYTES]) {
      const path = newFile(Buffer.alloc(sizeBytes, 1));
      await using handles = new HandleCache(4);
      await using file = await share(path, handles);
      await file.read(toChunkIndex(0), undefined, { signal });
      const { atime, mtime } = statSync(path);
      writeFileSync(path, Buffer.alloc(sizeBytes, 2), { flag: 'r+' });
      utimesSync(path, atime, mtime);
      await expect(file.read(toChunkIndex(0), undefined, { signal })).rejects.toMatchObject({
        code: 'SOURCE_CHANGED',
      });
    }
  });

  it('never serves a file cut short or taken away', async () => {
    const path = newFile(randomBytes(3 * CHUNK_BYTES));
    await using handles = new HandleCache(4);
    await using file = await share(path, handles);
    writeFileSync(path, Buffer.alloc(10));
    await expect(file.read(toChunkIndex(2), undefined, { signal })).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
    });
    rmSync(path);
    await expect(file.read(toChunkIndex(0), undefined, { signal })).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
    });
  });

  it('notices a change of time, length or inode, and absence', async () => {
    const changes: ((path: string) => void)[] = [
      (path) => utimesSync(path, 5, 5),
      (path) => writeFileSync(path, 'shorter'),
      (path) => rmSync(path),
      (path) => {
        writeFileSync(`${path}.new`, Buffer.alloc(CHUNK_BYTES));
        const { atime, mtime } = statSync(path);
        utimesSync(`${path}.new`, atime, mtime);
        renameSync(`${path}.new`, path);
      },
    ];
    for (const change of changes) {
      const path = newFile(Buffer.alloc(CHUNK_BYTES));
      const { manifest, stamp } = await buildManifest(path, { signal });
      await using handles = new HandleCache(1);
      await using file = await SharedFile.open(path, manifest, stamp, handles);
      expect(await file.checkUnchanged()).toBe('unchanged');
      change(path);
      expect(await file.checkUnchanged()).toBe('changed');
      await expect(SharedFile.open(path, manifest, stamp, handles)).rejects.toMatchObject({
        code: 'SOURCE_CHANGED',
      });
    }
  });

  it('holds few descriptors for many files and none after close', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-shared-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const handles = new HandleCache(3);
    const files: SharedFile[] = [];
    for (let index = 0; index < 40; index += 1) {
      writeFileSync(join(folder, `f${index}`), randomBytes(70_000));
      files.push(await share(join(folder, `f${index}`), handles));
    }
    expect(countOpen(folder)).toBe(0);
    await Promise.all(files.map((file) => file.read(toChunkIndex(0), undefined, { signal })));
    for (const file of files) await file.read(toChunkIndex(0), undefined, { signal });
    expect(handles.openCount).toBe(3);
    for (const file of files) await file.close();
    await files[0]!.close();
    expect(countOpen(folder)).toBe(0);
    await expect(files[0]!.read(toChunkIndex(0), undefined, { signal })).rejects.toThrow('closed');
    await handles.close();
  });
});
