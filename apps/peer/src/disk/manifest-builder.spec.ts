import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hashBytes, Manifest, MAX_FILE_BYTES, MIN_CHUNK_BYTES } from '#protocol';
import { stateOf } from './file-stamp.js';
import { buildManifest, buildManifests, buildSmallManifest } from './manifest-builder.js';

const { signal } = new AbortController();

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-manifest-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function newFile(bytes: Uint8Array): string {
  const path = join(newFolder(), 'file.bin');
  writeFileSync(path, bytes);
  return path;
}

function manifestOfBytes(bytes: Buffer): Manifest {
  const hashes: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += MIN_CHUNK_BYTES) {
    hashes.push(hashBytes(bytes.subarray(start, start + MIN_CHUNK_BYTES)));
  }
  return Manifest.fromHashes({ sizeBytes: bytes.length, hashes: Buffer.concat(hashes) });
}

describe('buildManifest', () => {
  const MIB = 1024 * 1024;
  for (const sizeBytes of [0, 1, MIN_CHUNK_BYTES, MIN_CHUNK_BYTES + 1, MIB, 3 * MIB - 7, 9 * MIB]) {
    it(`hashes every chunk of ${sizeBytes} bytes`, async () => {
      const bytes = randomBytes(sizeBytes);
      const path = newFile(bytes);
      const built = await buildManifest(path, { signal });
      expect(built.manifest.digest).toBe(manifestOfBytes(bytes).digest);
      expect(built.stamp.sizeBytes).toBe(sizeBytes);
      expect(stateOf(path, built.stamp)).toBe('unchanged');
    });
  }

  it('tells how far it is', async () => {
    const seen: number[] = [];
    const path = newFile(Buffer.alloc(2 * MIB + 5));
    await buildManifest(path, { signal, onProgress: (hashedBytes) => seen.push(hashedBytes) });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(2 * MIB + 5);
  });

  it('keeps its memory bounded on a huge sparse file', async () => {
    const path = newFile(Buffer.alloc(0));
    truncateSync(path, 512 * MIB);
    const before = process.memoryUsage().arrayBuffers;
    let mostBytes = 0;
    await buildManifest(path, {
      signal,
      onProgress: () => (mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers)),
    });
    expect(mostBytes - before).toBeLessThan(64 * MIB);
  });

  it('refuses a file that grows, shrinks or is replaced meanwhile', async () => {
    const changes: ((path: string) => void)[] = [
      (path) => appendFileSync(path, 'more'),
      (path) => truncateSync(path, 1 * MIB),
      (path) => utimesSync(path, 1, 1),
      (path) => rmSync(path),
      (path) => {
        writeFileSync(`${path}.new`, Buffer.alloc(8 * MIB));
        renameSync(`${path}.new`, path);
      },
    ];
    for (const change of changes) {
      const path = newFile(Buffer.alloc(8 * MIB));
      let isDone = false;
      const onProgress = () => {
        if (!isDone) change(path);
        isDone = true;
      };
      await expect(buildManifest(path, { signal, onProgress })).rejects.toMatchObject({
        code: 'SOURCE_CHANGED',
      });
    }
  });

  it('refuses what is not a regular file, without waiting for it', async () => {
    const pipe = join(newFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero', newFolder()]) {
      await expect(buildManifest(path, { signal })).rejects.toMatchObject({ code: 'USAGE' });
      expect(() => buildSmallManifest(path, Buffer.alloc(MIN_CHUNK_BYTES))).toThrow('regular file');
    }
  });

  it('names a missing file and one that is too large', async () => {
    const missing = join(newFolder(), 'missing');
    await expect(buildManifest(missing, { signal })).rejects.toMatchObject({
      code: 'PATH_NOT_FOUND',
      message: expect.stringContaining(missing) as string,
    });
    const large = newFile(Buffer.alloc(0));
    truncateSync(large, MAX_FILE_BYTES + 1);
    await expect(buildManifest(large, { signal })).rejects.toMatchObject({
      code: 'FILE_TOO_LARGE',
    });
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    const path = newFile(Buffer.alloc(8 * MIB));
    const onProgress = () => stop.abort();
    await expect(buildManifest(path, { signal: stop.signal, onProgress })).rejects.toThrow('abort');
  });
});

describe('buildManifests', () => {
  it('gives small and large files in order, the same as one by one', async () => {
    const files = [0, 4096, MIN_CHUNK_BYTES, MIN_CHUNK_BYTES + 1, 5].map((sizeBytes) => ({
      path: newFile(randomBytes(sizeBytes)),
    }));
    const digests: string[] = [];
    for await (const { file, manifest, stamp } of buildManifests(files, { signal })) {
      expect(file).toBe(files[digests.length]);
      expect(stateOf(file.path, stamp)).toBe('unchanged');
      digests.push(manifest.digest);
    }
    const expected = files.map(
      async ({ path }) => (await buildManifest(path, { signal })).manifest,
    );
    expect(digests).toEqual((await Promise.all(expected)).map(({ digest }) => digest));
  });
});
