import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hashBytes, Manifest } from '#protocol';
import { placeTogether, type PlacedFile } from './placement.js';
import { thisProcess } from './process-stamp.js';
import { walkFolder } from './shared-folder.js';
import { StagingFolder } from './staging-folder.js';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-placement-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function manifestOf(bytes: Buffer): Manifest {
  const hashes = bytes.length === 0 ? new Uint8Array(0) : hashBytes(bytes);
  return Manifest.fromHashes({ sizeBytes: bytes.length, hashes });
}

function staged(
  staging: StagingFolder,
  text: string,
  outputPath: string,
  existingFile: 'refuse' | 'replace' = 'refuse',
): PlacedFile {
  const bytes = Buffer.from(text);
  const file = staging.stage(manifestOf(bytes));
  file.create(bytes);
  return { staged: file, outputPath, existingFile };
}

describe('placing many files', () => {
  it.each([3, 200])('gives %i of them their names and leaves nothing', async (count) => {
    const root = newFolder();
    mkdirSync(join(root, 'inner'));
    const staging = StagingFolder.open(root);
    const files = Array.from({ length: count }, (_, index) =>
      staged(staging, `text ${index}`, join(root, index % 2 === 0 ? 'inner' : '', String(index))),
    );
    expect(await placeTogether(files, staging.path)).toEqual(new Map());
    staging.close();
    for (const [index, { outputPath }] of files.entries()) {
      expect(readFileSync(outputPath, 'utf8')).toBe(`text ${index}`);
    }
    const names = readdirSync(root).filter((name) => !/^\d+$/.test(name));
    expect(names).toEqual(['inner']);
  });

  it('fails for those alone that cannot be placed', async () => {
    const root = newFolder();
    const staging = StagingFolder.open(root);
    const path = (name: string) => join(root, name);
    for (const name of ['taken', 'replaced']) writeFileSync(path(name), 'old');
    mkdirSync(path('folder'));
    const files = {
      fine: staged(staging, 'new', path('fine')),
      taken: staged(staging, 'new', path('taken')),
      replaced: staged(staging, 'new', path('replaced'), 'replace'),
      folder: staged(staging, 'new', path('folder'), 'replace'),
      nowhere: staged(staging, 'new', path('gone/file')),
    };
    const failures = await placeTogether(Object.values(files), staging.path);
    expect([...failures.keys()]).toEqual([files.taken, files.folder, files.nowhere]);
    expect(failures.get(files.taken)).toMatchObject({ code: 'TARGET_EXISTS' });
    staging.close();
    expect(readdirSync(root).sort()).toEqual(['fine', 'folder', 'replaced', 'taken']);
    const texts = ['fine', 'replaced', 'taken'].map((name) => readFileSync(path(name), 'utf8'));
    expect(texts).toEqual(['new', 'new', 'old']);
  });
});

describe('a staging folder', () => {
  it('is read from like the file it becomes, and never shared', async () => {
    const root = newFolder();
    using staging = StagingFolder.open(root);
    const file = staged(staging, 'text', join(root, 'file'));
    expect([...walkFolder(root)]).toEqual([]);
    const read = async () => {
      const run = { firstIndex: 0 as never, count: 1 };
      const { signal } = new AbortController();
      const [chunk] = await file.staged.readRun(run, Buffer.alloc(4), { signal });
      return Buffer.from(chunk!.bytes).toString();
    };
    expect(await read()).toBe('text');
    await placeTogether([file], staging.path);
    expect(await read()).toBe('text');
    writeFileSync(join(root, 'file'), 'next');
    await expect(read()).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    rmSync(join(root, 'file'));
    await expect(read()).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  it('goes when its process was killed, and no other folder does', () => {
    const root = newFolder();
    const { bootId } = thisProcess();
    const killed = join(root, `.shoal-4194304-1-${bootId}-aaaaaa`);
    const rebooted = join(root, `.shoal-1-1-00000000-0000-0000-0000-000000000000-aaaaaa`);
    const foreign = join(root, `.shoal-4194304-1-${bootId}-bbbbbb`);
    for (const folder of [killed, rebooted, foreign]) {
      mkdirSync(folder);
      writeFileSync(join(folder, '0'), 'part');
    }
    writeFileSync(join(foreign, 'precious'), '');
    mkdirSync(join(root, '.shoal-mine'));
    using other = StagingFolder.open(root);
    StagingFolder.open(root).close();
    const left = [other.path, foreign, join(root, '.shoal-mine')].sort();
    expect(
      readdirSync(root, { encoding: 'utf8' })
        .map((name) => join(root, name))
        .sort(),
    ).toEqual(left);
    expect(readdirSync(foreign)).toEqual(['precious']);
  });
});
