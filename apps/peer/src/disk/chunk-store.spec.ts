import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hashBytes, Manifest, toChunkIndex, verifyChunk } from '#protocol';
import { ChunkBuffers } from '../engine/budget/chunk-buffers.js';
import { FileChunkStore } from './chunk-store.js';

const { signal } = new AbortController();
const CHUNK_BYTES = 256 * 1024;

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function chunksOf(bytes: Buffer) {
  const parts: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    parts.push(bytes.subarray(start, start + CHUNK_BYTES));
  }
  const hashes = Buffer.concat(parts.map((part) => hashBytes(part)));
  const manifest = Manifest.fromHashes({ sizeBytes: bytes.length, hashes });
  const chunks = parts.map((part, index) => verifyChunk(manifest, toChunkIndex(index), part));
  return { manifest, chunks };
}

describe('FileChunkStore', () => {
  it('puts chunks in their places in any order and reads them back', async () => {
    const bytes = randomBytes(4 * CHUNK_BYTES + 17);
    const { manifest, chunks } = chunksOf(bytes);
    const path = join(newFolder(), 'x.part');
    await using store = await FileChunkStore.open(path, manifest);
    await store.resize(manifest.sizeBytes);
    await Promise.all([...chunks].reverse().map((chunk) => store.write(chunk, { signal })));
    await store.sync();
    expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
    const buffer = Buffer.alloc(CHUNK_BYTES);
    const last = await store.read(toChunkIndex(4), buffer, { signal });
    expect(last.bytes.length).toBe(17);
    expect(last.bytes.buffer).toBe(buffer.buffer);
  });

  it('holds the same whether chunks stay in the cache or not', async () => {
    const bytes = randomBytes(6 * CHUNK_BYTES + 17);
    const { manifest, chunks } = chunksOf(bytes);
    const path = join(newFolder(), 'x.part');
    const buffers = new ChunkBuffers({ maxBytes: 64 * 1024 * 1024 });
    await using store = await FileChunkStore.open(path, manifest);
    await store.resize(manifest.sizeBytes);
    await Promise.all(
      chunks.map(({ chunkIndex, bytes: chunk }) => {
        const buffer = buffers.take(chunk.length);
        buffer.set(chunk);
        const caching = chunkIndex % 3 === 0 ? 'keep' : 'skip';
        return store.write(verifyChunk(manifest, chunkIndex, buffer), { signal, caching });
      }),
    );
    for (const { chunkIndex } of chunks) await store.read(chunkIndex, undefined, { signal });
    await store.syncAll();
    expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
  });

  it('refuses to read what it does not hold', async () => {
    const { manifest, chunks } = chunksOf(randomBytes(2 * CHUNK_BYTES));
    await using store = await FileChunkStore.open(join(newFolder(), 'x.part'), manifest);
    await store.write(chunks[0]!, { signal });
    await store.read(toChunkIndex(0), undefined, { signal });
    await expect(store.read(toChunkIndex(1), undefined, { signal })).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
    });
  });

  it('reports a full disk as DISK_FULL, naming the path', async () => {
    const { manifest, chunks } = chunksOf(randomBytes(10));
    await using store = await FileChunkStore.open('/dev/full', manifest);
    await expect(store.write(chunks[0]!, { signal })).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: 'cannot write /dev/full: no space is left on the disk',
      cause: { code: 'ENOSPC' },
    });
  });

  it('never writes through a symbolic link', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'precious'), 'precious');
    symlinkSync(join(folder, 'precious'), join(folder, 'x.part'));
    const { manifest } = chunksOf(randomBytes(10));
    await expect(FileChunkStore.open(join(folder, 'x.part'), manifest)).rejects.toMatchObject({
      code: 'DISK_FAILED',
    });
    expect(readFileSync(join(folder, 'precious'), 'utf8')).toBe('precious');
  });

  it('may be closed twice, and stops when told to', async () => {
    const { manifest, chunks } = chunksOf(randomBytes(10));
    const store = await FileChunkStore.open(join(newFolder(), 'x.part'), manifest);
    const aborted = { signal: AbortSignal.abort() };
    await expect(store.write(chunks[0]!, aborted)).rejects.toThrow('abort');
    await Promise.all([store.close(), store.close()]);
    await store.close();
  });
});
