import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  Bitfield,
  hashBytes,
  Manifest,
  toChunkIndex,
  verifyChunk,
  type VerifiedChunk,
} from '#protocol';
import { DownloadTarget } from './download-target.js';
import { thisProcess } from './process-stamp.js';
import { readResumeRecord, writeResumeRecord } from './resume-record-file.js';

const { signal } = new AbortController();
const CHUNK_BYTES = 256 * 1024;

interface Content {
  readonly bytes: Buffer;
  readonly manifest: Manifest;
  readonly chunks: VerifiedChunk[];
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-target-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function newContent(sizeBytes: number): Content {
  const bytes = randomBytes(sizeBytes);
  const parts: Buffer[] = [];
  for (let start = 0; start < sizeBytes; start += CHUNK_BYTES) {
    parts.push(bytes.subarray(start, start + CHUNK_BYTES));
  }
  const hashes = Buffer.concat(parts.map((part) => hashBytes(part)));
  const manifest = Manifest.fromHashes({ sizeBytes, hashes });
  const chunks = parts.map((part, index) => verifyChunk(manifest, toChunkIndex(index), part));
  return { bytes, manifest, chunks };
}

function open(
  outputPath: string,
  { manifest }: Content,
  existingFile: 'refuse' | 'replace' = 'refuse',
): Promise<DownloadTarget> {
  return DownloadTarget.open({ outputPath, manifest, existingFile, signal });
}

function bits(content: Content, ...indexes: number[]): Bitfield {
  const field = Bitfield.empty(content.manifest.chunkCount);
  for (const index of indexes) field.set(toChunkIndex(index));
  return field;
}

async function store(target: DownloadTarget, content: Content, ...indexes: number[]) {
  for (const index of indexes) await target.store.write(content.chunks[index]!, { signal });
}

/** What the folder looks like to whoever comes after a kill -9 of this process. */
async function leaveAsKilled(output: string): Promise<void> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const record = readResumeRecord(`${output}.part.resume`)!;
  const owner = { ...thisProcess(), pid: child.pid! };
  await writeResumeRecord(`${output}.part.resume`, { ...record, owner });
}

describe('a download from the start', () => {
  for (const sizeBytes of [0, 1, 3 * CHUNK_BYTES + 11]) {
    it(`becomes the output of ${sizeBytes} bytes and leaves nothing beside it`, async () => {
      const output = join(newFolder(), 'file.bin');
      const content = newContent(sizeBytes);
      await using target = await open(output, content);
      expect(target.claims.count).toBe(0);
      expect(statSync(`${output}.part`).size).toBe(sizeBytes);
      await store(target, content, ...content.chunks.keys());
      const stamp = await target.finish();
      expect(Buffer.compare(readFileSync(output), content.bytes)).toBe(0);
      expect(readdirSync(join(output, '..'))).toEqual(['file.bin']);
      expect(stamp.mtimeNs).toBe(statSync(output, { bigint: true }).mtimeNs.toString());
      if (sizeBytes > 0) await target.store.read(toChunkIndex(0), undefined, { signal });
      await target.close();
    });
  }

  it('leaves nothing behind when it ends before anything was stored', async () => {
    const folder = newFolder();
    const target = await open(join(folder, 'file.bin'), newContent(10));
    await target.close();
    await target.close();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('what stands in the way', () => {
  it('refuses an existing output unless it is to be replaced', async () => {
    const output = join(newFolder(), 'file.bin');
    const content = newContent(10);
    writeFileSync(output, 'precious');
    await expect(open(output, content)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    expect(readdirSync(join(output, '..'))).toEqual(['file.bin']);
    await using target = await open(output, content, 'replace');
    await store(target, content, 0);
    expect(readFileSync(output, 'utf8')).toBe('precious');
    await target.finish();
    expect(readFileSync(output)).toEqual(content.bytes);
  });

  it('never replaces a folder', async () => {
    const output = newFolder();
    await expect(open(output, newContent(10), 'replace')).rejects.toMatchObject({
      code: 'TARGET_EXISTS',
    });
  });

  it('does not clobber a file that appeared meanwhile, and can still be taken up', async () => {
    const output = join(newFolder(), 'file.bin');
    const content = newContent(10);
    const target = await open(output, content);
    await store(target, content, 0);
    writeFileSync(output, 'precious');
    await expect(target.finish()).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    expect(readFileSync(output, 'utf8')).toBe('precious');
    await target.suspend(bits(content, 0));
    await using again = await open(output, content, 'replace');
    expect(again.claimsTrusted).toBe('proven');
    await again.finish();
    expect(readFileSync(output)).toEqual(content.bytes);
  });

  it('names a missing folder, and a file where the folder should be', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    for (const output of [join(folder, 'none', 'x'), join(folder, 'file', 'x')]) {
      await expect(open(output, newContent(10))).rejects.toMatchObject({
        code: 'TARGET_FOLDER_MISSING',
      });
    }
  });

  it('says at once that a disk is too small', async () => {
    const folder = newFolder();
    const manifest = Manifest.fromHashes({
      sizeBytes: 2 ** 43,
      hashes: new Uint8Array(2 ** 20 * 32),
    });
    const outputPath = join(folder, 'x');
    await expect(
      DownloadTarget.open({ outputPath, manifest, existingFile: 'refuse', signal }),
    ).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('lets only one of many callers work on a target', async () => {
    const output = join(newFolder(), 'file.bin');
    const content = newContent(10);
    const tries = Array.from({ length: 8 }, () => open(output, content));
    const results = await Promise.allSettled(tries);
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const codes = results.flatMap((result) =>
      result.status === 'rejected' ? [(result.reason as { code: string }).code] : [],
    );
    expect(won).toHaveLength(1);
    expect(codes).toEqual(Array.from({ length: 7 }, () => 'TARGET_BUSY'));
    await won[0]!.close();
    await using next = await open(output, content);
    expect(next.claims.count).toBe(0);
  });

  it('is busy while another process works on it, and free once that is killed', async () => {
    const output = join(newFolder(), 'file.bin');
    const content = newContent(2 * CHUNK_BYTES);
    const target = await open(output, content);
    await store(target, content, 0);
    await target.suspend(bits(content, 0));
    const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)']);
    await once(child.stdout, 'data');
    const stat = readFileSync(`/proc/${child.pid!}/stat`, 'utf8').split(') ')[1]!.split(' ');
    const owner = { ...thisProcess(), pid: child.pid!, startedAtTicks: stat[19]! };
    const record = readResumeRecord(`${output}.part.resume`)!;
    await writeResumeRecord(`${output}.part.resume`, { ...record, owner });
    await expect(open(output, content)).rejects.toMatchObject({ code: 'TARGET_BUSY' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await using again = await open(output, content);
    expect(again.claims.count).toBe(1);
  });

  it('is not fooled by a pid that went to another process, or by a reboot', async () => {
    for (const change of [{ startedAtTicks: '1' }, { bootId: 'earlier' }]) {
      const output = join(newFolder(), 'file.bin');
      const content = newContent(10);
      const target = await open(output, content);
      await target.record(bits(content, 0));
      const record = readResumeRecord(`${output}.part.resume`)!;
      const owner = { ...thisProcess(), ...change };
      await writeResumeRecord(`${output}.part.resume`, { ...record, owner });
      await using again = await open(output, content);
      expect(again.claims.count).toBe(1);
      await target.store.close();
    }
  });
});

describe('taking up a download', () => {
  it('believes the record after a clean stop', async () => {
    const output = join(newFolder(), 'file.bin');
    const content = newContent(4 * CHUNK_BYTES);
    const target = await open(output, content);
    await store(target, content, 0, 2);
    await target.suspend(bits(content, 0, 2));
    await using again = await open(output, content);
    expect([...again.claims.indexes()]).toEqual([0, 2]);
    expect(again.claimsTrusted).toBe('proven');
  });

  it('does not when the part was touched since', async () => {
    const changes: ((part: string) => void)[] = [
      (part) => utimesSync(part, 1, 1),
      (part) => truncateSync(part, CHUNK_BYTES),
    ];
    for (const change of changes) {
      const output = join(newFolder(), 'file.bin');
      const content = newContent(4 * CHUNK_BYTES);
      const target = await open(output, content);
      await store(target, content, 0, 2);
      await target.suspend(bits(content, 0, 2));
      change(`${output}.part`);
      await using again = await open(output, content);
      expect(again.claims.count).toBe(2);
      expect(again.claimsTrusted).toBe('unproven');
    }
  });

  it('has what was recorded before a kill -9, to be checked', async () => {
    const output = join(newFolder(), 'file.bin');
    const content = newContent(4 * CHUNK_BYTES);
    const target = await open(output, content);
    await store(target, content, 0, 1);
    await target.record(bits(content, 0, 1));
    await store(target, content, 3);
    await target.store.close();
    await leaveAsKilled(output);
    truncateSync(`${output}.part`, CHUNK_BYTES);
    await using again = await open(output, content);
    expect([...again.claims.indexes()]).toEqual([0, 1]);
    expect(again.claimsTrusted).toBe('unproven');
    expect(statSync(`${output}.part`).size).toBe(4 * CHUNK_BYTES);
    await again.store.read(toChunkIndex(0), undefined, { signal });
    await expect(again.store.read(toChunkIndex(1), undefined, { signal })).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
    });
  });

  it('keeps unchecked claims as claims, also over a clean stop', async () => {
    const output = join(newFolder(), 'file.bin');
    const content = newContent(4 * CHUNK_BYTES);
    const target = await open(output, content);
    await target.suspend(bits(content, 0), bits(content, 1));
    await using again = await open(output, content);
    expect([...again.claims.indexes()]).toEqual([0, 1]);
    expect(again.claimsTrusted).toBe('unproven');
  });

  it('closed without a stop keeps the last record and is free at once', async () => {
    const output = join(newFolder(), 'file.bin');
    const content = newContent(4 * CHUNK_BYTES);
    const target = await open(output, content);
    await store(target, content, 0, 1);
    await target.record(bits(content, 0));
    await target.close();
    await using again = await open(output, content);
    expect([...again.claims.indexes()]).toEqual([0]);
    expect(again.claimsTrusted).toBe('unproven');
  });

  it('starts over for other content, a damaged record, and a missing one', async () => {
    const spoilers: ((output: string) => void)[] = [
      () => undefined,
      (output) => truncateSync(`${output}.part.resume`, 100),
      (output) => writeFileSync(`${output}.part.resume`, 'null\n'),
      (output) => rmSync(`${output}.part.resume`),
      (output) => rmSync(`${output}.part`),
    ];
    for (const [index, spoil] of spoilers.entries()) {
      const output = join(newFolder(), 'file.bin');
      const content = newContent(4 * CHUNK_BYTES);
      const target = await open(output, content);
      await store(target, content, 0, 1, 2, 3);
      await target.suspend(bits(content, 0, 1, 2, 3));
      spoil(output);
      const wanted = index === 0 ? newContent(2 * CHUNK_BYTES) : content;
      await using again = await open(output, wanted);
      expect(again.claims.count).toBe(0);
      const part = readFileSync(`${output}.part`);
      expect(part.length).toBe(wanted.manifest.sizeBytes);
      expect(part.every((byte) => byte === 0)).toBe(true);
    }
  });

  it('does not write into an output that a killed process had just finished', async () => {
    const output = join(newFolder(), 'file.bin');
    const content = newContent(10);
    const target = await open(output, content);
    await store(target, content, 0);
    await target.record(bits(content, 0));
    await target.store.close();
    linkSync(`${output}.part`, output);
    await leaveAsKilled(output);
    await expect(open(output, content)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    expect(readdirSync(join(output, '..'))).toEqual(['file.bin']);
    await using other = await open(output, newContent(20), 'replace');
    expect(readFileSync(output)).toEqual(content.bytes);
    expect(other.claims.count).toBe(0);
  });
});

describe('the record', () => {
  it('never claims what could not be synced', async () => {
    const output = join(newFolder(), 'file.bin');
    const content = newContent(4 * CHUNK_BYTES);
    const target = await open(output, content);
    await store(target, content, 0);
    await target.record(bits(content, 0));
    await target.store.close();
    await expect(target.record(bits(content, 0, 1))).rejects.toThrow();
    expect(readResumeRecord(`${output}.part.resume`)!.held.count).toBe(1);
    await target.close();
  });

  it('claims what was stored when it was asked for, whatever is stored meanwhile', async () => {
    const output = join(newFolder(), 'file.bin');
    const content = newContent(4 * CHUNK_BYTES);
    await using target = await open(output, content);
    const stored = bits(content, 0);
    const first = target.record(stored);
    stored.set(toChunkIndex(1));
    await first;
    expect(readResumeRecord(`${output}.part.resume`)!.held.count).toBe(1);
    await Promise.all([target.record(stored), target.record(stored)]);
    expect(readResumeRecord(`${output}.part.resume`)!.held.count).toBe(2);
  });
});
