import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseGroup, type Manifest } from '#protocol';
import type { NewLibraryEntry } from './library-entry.js';
import { Library } from './library.js';
import { buildManifest } from './manifest-builder.js';

const { signal } = new AbortController();

interface Added {
  readonly entry: NewLibraryEntry;
  readonly manifest: Manifest;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-library-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function added(name: string, bytes: Buffer, path?: string): Promise<Added> {
  const file = path ?? join(newFolder(), 'file.bin');
  writeFileSync(file, bytes);
  const { manifest, stamp } = await buildManifest(file, { signal });
  const { digest } = manifest;
  const addedAt = '2026-01-01T00:00:00.000Z';
  return { entry: { name, digest, path: file, stamp, origin: 'shared', addedAt }, manifest };
}

describe('what a library remembers', () => {
  it('takes what many add at once', async () => {
    const folder = newFolder();
    const library = new Library(folder);
    const files = await Promise.all(
      Array.from({ length: 500 }, (_, index) => added(`many/${index}`, Buffer.from([index % 256]))),
    );
    await Promise.all(files.map((file) => library.put([file])));
    expect((await new Library(folder).entries()).length).toBe(500);
  });

  it('takes more after a time in which its folder could not be written to', async () => {
    const folder = newFolder();
    const library = new Library(folder);
    const lockPath = join(folder, 'library.lock');
    mkdirSync(lockPath); // cannot be opened as a file
    const lost = library.put([await added('lost', Buffer.from('1'))]);
    await expect(lost).rejects.toMatchObject({ code: 'DISK_FAILED' });
    rmdirSync(lockPath);
    await library.put([await added('kept', Buffer.from('2'))]);
    expect((await library.entries()).map(({ name }) => name)).toEqual(['kept']);
  });

  it('gives entries and manifests back, to others and after a restart', async () => {
    const folder = newFolder();
    const sizes = [0, 1, 256 * 1024, 256 * 1024 + 1, 3_000_000];
    const files = await Promise.all(sizes.map((size) => added(`n/${size}`, randomBytes(size))));
    const other = new Library(folder);
    expect(await other.entries()).toEqual([]);
    await new Library(folder).put(files);
    for (const library of [other, new Library(folder)]) {
      const entries = await library.entries();
      expect(entries).toMatchObject(files.map(({ entry }) => entry));
      for (const [index, entry] of entries.entries()) {
        const manifest = await library.manifestOf(entry);
        expect(manifest.canonicalBytes()).toEqual(files[index]!.manifest.canonicalBytes());
      }
    }
    expect(readdirSync(join(folder, 'manifests'))).toHaveLength(2);
  });

  it('keeps one entry for a name and a path, several for a name', async () => {
    const folder = newFolder();
    const library = new Library(folder);
    const first = await added('name', randomBytes(600_000));
    const second = await added('name', randomBytes(10), first.entry.path);
    const elsewhere = await added('name', randomBytes(10));
    await library.put([first]);
    await library.put([second, elsewhere]);
    expect(await library.entries()).toMatchObject([second.entry, elsewhere.entry]);
    expect(readdirSync(join(folder, 'manifests'))).toEqual([]);
  });

  it('forgets a name, or one path of it, and manifests that nobody needs', async () => {
    const folder = newFolder();
    const library = new Library(folder);
    const content = randomBytes(600_000);
    const files = [await added('a', content), await added('a', content), await added('b', content)];
    await library.put(files);
    const { path } = files[0]!.entry;
    expect(await library.remove({ name: 'a', path })).toMatchObject([{ name: 'a', path }]);
    expect(await library.remove({ name: 'a' })).toHaveLength(1);
    expect(await library.remove({ name: 'a' })).toEqual([]);
    expect((await library.manifestOf((await library.entries())[0]!)).sizeBytes).toBe(600_000);
    await library.remove({ name: 'b' });
    expect(await new Library(folder).entries()).toEqual([]);
    expect(readdirSync(join(folder, 'manifests'))).toEqual([]);
  });
});

describe('damage', () => {
  it('passes over a line that a crash cut short, and goes on after it', async () => {
    const folder = newFolder();
    const journal = join(folder, 'library.ndjson');
    const files = await Promise.all(['a', 'b', 'c'].map((name) => added(name, randomBytes(9))));
    await new Library(folder).put([files[0]!, files[1]!]);
    truncateSync(journal, statSync(journal).size - 20);
    const reader = new Library(folder);
    expect((await reader.entries()).map(({ name }) => name)).toEqual(['a']);
    await new Library(folder).put([files[2]!]);
    for (const library of [reader, new Library(folder)]) {
      expect((await library.entries()).map(({ name }) => name)).toEqual(['a', 'c']);
    }
  });

  it('passes over lines it does not understand', async () => {
    const folder = newFolder();
    const library = new Library(folder);
    const file = await added('a', randomBytes(9));
    await library.put([file]);
    const line = readFileSync(join(folder, 'library.ndjson'), 'utf8').trim();
    const strange = [
      '\0\0\0\0',
      'null',
      '{"rename":{}}',
      line.replace('"a"', '1'),
      line.replace('b3:', 'b4:'),
      line.replace('"shared"', '"found"'),
      line.replace('"stamp":{', '"stamp":{"sizeBytes":-1,"x":'),
    ];
    appendFileSync(join(folder, 'library.ndjson'), `\n${strange.join('\n')}\n`);
    expect(await library.entries()).toMatchObject([file.entry]);
    expect(await new Library(folder).entries()).toMatchObject([file.entry]);
  });

  it('remembers for whom a name is, and forgets what it cannot read of that rather than open it', async () => {
    const folder = newFolder();
    const { entry, manifest } = await added('name', randomBytes(10));
    const allow = [parseGroup('red')];
    await new Library(folder).put([{ entry: { ...entry, allow }, manifest }]);
    expect(await new Library(folder).entries()).toMatchObject([{ ...entry, allow }]);
    const journal = join(folder, 'library.ndjson');
    writeFileSync(journal, readFileSync(journal, 'utf8').replace('["red"]', '["RED"]'));
    expect(await new Library(folder).entries()).toEqual([]);
  });

  it('notices a damaged manifest, and mends it when the file is added again', async () => {
    const folder = newFolder();
    const library = new Library(folder);
    const file = await added('a', randomBytes(600_000));
    await library.put([file]);
    const [entry] = await library.entries();
    const [name] = readdirSync(join(folder, 'manifests'));
    writeFileSync(join(folder, 'manifests', name!), 'damaged');
    await expect(library.manifestOf(entry!)).rejects.toMatchObject({ code: 'DISK_FAILED' });
    rmSync(join(folder, 'manifests', name!));
    await expect(library.manifestOf(entry!)).rejects.toMatchObject({ code: 'DISK_FAILED' });
    await library.put([file]);
    expect((await library.manifestOf(entry!)).digest).toBe(file.manifest.digest);
    const small = await added('b', randomBytes(10));
    await library.put([small]);
    const forged = { ...(await library.entries())[1]!, chunkHash: '00'.repeat(32) };
    await expect(library.manifestOf(forged)).rejects.toMatchObject({ code: 'DISK_FAILED' });
  });
});

describe('a journal that is mostly garbage', () => {
  it('is compacted, and readers never notice', async () => {
    const folder = newFolder();
    const library = new Library(folder);
    const reader = new Library(folder);
    const kept = await added('kept', randomBytes(600_000));
    await library.put([kept]);
    writeFileSync(join(folder, 'manifests', 'stray'), '');
    const many = await added('many', randomBytes(9));
    const batch = Array.from({ length: 600 }, () => many);
    await library.put(batch);
    await reader.entries();
    const { ino } = statSync(join(folder, 'library.ndjson'));
    await library.put(batch);
    expect(statSync(join(folder, 'library.ndjson')).ino).not.toBe(ino);
    expect(readFileSync(join(folder, 'library.ndjson'), 'utf8').split('\n')).toHaveLength(3);
    expect(await reader.entries()).toMatchObject([kept.entry, many.entry]);
    expect(readdirSync(join(folder, 'manifests'))).toHaveLength(1);
  });
});

describe('watching', () => {
  it('tells of changes made by others until the signal', async () => {
    const folder = newFolder();
    const stop = new AbortController();
    const library = new Library(folder);
    const file = await added('a', randomBytes(9));
    const changed = new Promise<void>((resolve) => library.watch(resolve, { signal: stop.signal }));
    await new Library(folder).put([file]);
    await changed;
    expect(await library.entries()).toHaveLength(1);
    const again = new Promise<void>((resolve) => library.watch(resolve, { signal: stop.signal }));
    await new Library(folder).remove({ name: 'a' });
    await again;
    stop.abort();
    library.watch(() => expect.unreachable(), { signal: stop.signal });
    await new Library(folder).put([file]);
  });
});

it('holds 10,000 small files without a file for each', async () => {
  const folder = newFolder();
  const file = await added('x', randomBytes(9));
  const files = Array.from({ length: 10_000 }, (_, index) => ({
    ...file,
    entry: { ...file.entry, name: `many/${index}` },
  }));
  await new Library(folder).put(files);
  expect(await new Library(folder).entries()).toHaveLength(10_000);
  expect(readdirSync(folder)).toEqual(['library.ndjson']);
});
