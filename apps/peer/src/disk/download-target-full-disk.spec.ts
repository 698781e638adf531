import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Bitfield, hashBytes, Manifest, toChunkIndex, verifyChunk } from '#protocol';
import { canMount, mountDisk } from '../../../../test/support/small-disk.js';
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

  it('is tried again by the same process, also when not even its record could be written', async () => {
    const folder = mountDisk('size=4m');
    const output = join(folder, 'file.bin');
    const other = join(folder, 'other');
    const fill = () => {
      for (;;) appendFileSync(other, Buffer.alloc(4096));
    };
    const target = await open(output);
    await target.store.write(chunks[0]!, { signal });
    const stored = Bitfield.empty(CHUNK_COUNT);
    stored.set(chunks[0]!.chunkIndex);
    expect(fill).toThrow('ENOSPC');
    await target.record(stored); // takes the room that was kept for it
    expect(fill).toThrow('ENOSPC');
    await expect(target.suspend(stored)).rejects.toMatchObject({ code: 'DISK_FULL' });
    await expect(target.close()).rejects.toMatchObject({ code: 'DISK_FULL' });
    rmSync(other);
    await using again = await open(output);
    expect(again.claims.count).toBe(1);
    expect(again.claimsTrusted).toBe('unproven');
  });

  it('leaves nothing when it has room for a name and for nothing else', async () => {
    const folder = mountDisk('size=4m');
    const other = join(folder, 'other');
    expect(() => {
      for (;;) appendFileSync(other, Buffer.alloc(4096));
    }).toThrow('ENOSPC');
    const output = join(folder, 'file.bin');
    for (let time = 0; time < 2; time += 1) {
      await expect(open(output)).rejects.toMatchObject({ code: 'DISK_FULL' });
      expect(readdirSync(folder)).toEqual(['other']);
    }
  });

  it('names a read-only file system', async () => {
    await expect(open(join(mountDisk('ro'), 'x'))).rejects.toMatchObject({
      code: 'DISK_PERMISSION',
    });
  });
});

/** Files of this process may be no longer, until the test ends. */
function limitFileSize(sizeBytes: number): void {
  const limit = (value: string) => {
    execFileSync('prlimit', [`--pid=${process.pid}`, `--fsize=${value}:`]);
  };
  limit(String(sizeBytes));
  onTestFinished(() => limit('unlimited'));
}

describe.runIf(process.platform === 'linux')('a file system that takes no file so long', () => {
  it('is named, and nothing is left there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-target-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    limitFileSize(manifest.sizeBytes - 1);
    const output = join(folder, 'file.bin');
    await expect(open(output)).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(readdirSync(folder)).toEqual([]);
    await expect(open(output)).rejects.toMatchObject({ code: 'DISK_FULL' });
  });
});
