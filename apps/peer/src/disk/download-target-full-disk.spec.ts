import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Bitfield, hashBytes, Manifest, toChunkIndex, verifyChunk } from '#protocol';
import { DownloadTarget } from './download-target.js';

const { signal } = new AbortController();
const CHUNK_BYTES = 256 * 1024;
const CHUNK_COUNT = 12;

const parts = Array.from({ length: CHUNK_COUNT }, () => randomBytes(CHUNK_BYTES));
const manifest = Manifest.fromHashes({
  sizeBytes: CHUNK_COUNT * CHUNK_BYTES,
  hashes: Buffer.concat(parts.map((part) => hashBytes(part))),
});
const chunks = parts.map((part, index) => verifyChunk(manifest, toChunkIndex(index), part));

function open(outputPath: string): Promise<DownloadTarget> {
  return DownloadTarget.open({ outputPath, manifest, existingFile: 'refuse', signal });
}

/** A file system of its own in memory. */
function mountDisk(options: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-disk-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
  onTestFinished(() => void execFileSync('umount', [folder]));
  return folder;
}

/** Mounting takes privileges that not every machine gives its tests. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.runIf(canMount())('a disk that fills up', () => {
  it('ends with DISK_FULL, and what it took can still be claimed', async () => {
    const folder = mountDisk('size=4m');
    const output = join(folder, 'file.bin');
    const target = await open(output);
    writeFileSync(join(folder, 'other'), Buffer.alloc(2 * 1024 * 1024));
    const stored = Bitfield.empty(CHUNK_COUNT);
    const fill = async () => {
      for (const chunk of chunks) {
        await target.store.write(chunk, { signal });
        stored.set(chunk.chunkIndex);
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(() => writeFileSync(join(folder, 'probe'), Buffer.alloc(4096))).toThrow('ENOSPC');
    rmSync(join(folder, 'probe'), { force: true });
    await target.suspend(stored);
    rmSync(join(folder, 'other'));
    await using again = await open(output);
    expect(again.claims.count).toBe(stored.count);
    expect(again.claims.count).toBeGreaterThan(4);
    expect(again.claimsTrusted).toBe('proven');
  });

  it('names a read-only file system', async () => {
    await expect(open(join(mountDisk('ro'), 'x'))).rejects.toMatchObject({
      code: 'DISK_PERMISSION',
    });
  });
});
