import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canMount, mountDisk } from '../../../../test/support/small-disk.js';
import { TempDir } from '../../../../test/support/temp-dir.js';
import { backUp } from './back-up.js';
import { OpenDatabase, rawConnection } from './open-database.js';

const { signal } = new AbortController();

describe('backUp', () => {
  let data: TempDir;
  let out: TempDir;
  let live: OpenDatabase;

  beforeEach(async () => {
    data = await TempDir.create();
    out = await TempDir.create();
    live = await OpenDatabase.open(data.file('tracker.db'));
  });
  afterEach(async () => {
    await live.close();
    await data[Symbol.asyncDispose]();
    await out[Symbol.asyncDispose]();
  });

  const back = (target: string) => backUp({ folder: data.path, target }, { signal });
  /** Some MiB of pages. */
  const fill = () =>
    rawConnection(live.writer).exec(`INSERT INTO chunk_indexes
      WITH RECURSIVE n (i) AS (SELECT 8192 UNION ALL SELECT i + 1 FROM n WHERE i < 800000)
      SELECT i FROM n`);

  it('is one file, sound, ours alone, with what is only in the log so far', async () => {
    fill();
    const report = await back(out.file('copy.db'));
    expect(report.path).toBe(out.file('copy.db'));
    expect(readdirSync(out.path)).toEqual(['copy.db']);
    const { size, mode } = statSync(report.path);
    expect(report.sizeBytes).toBe(size);
    expect(mode & 0o777).toBe(0o600);
    const copy = new Sqlite(report.path, { readonly: true });
    expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(copy.pragma('journal_mode', { simple: true })).toBe('delete');
    expect(copy.prepare('SELECT MAX(chunk_index) FROM chunk_indexes').pluck().get()).toBe(800_000);
    copy.close();
  });

  it('is of one moment, however much is committed while it is made', async () => {
    const writer = rawConnection(live.writer);
    writer.exec('CREATE TABLE moments (a INTEGER, b INTEGER)');
    writer.exec('INSERT INTO moments VALUES (0, 0)');
    fill();
    const done = new AbortController();
    const making = back(out.file('copy.db')).finally(() => done.abort());
    while (!done.signal.aborted) {
      writer.exec('UPDATE moments SET a = a + 1, b = b + 1');
      await new Promise(setImmediate);
    }
    await making;
    const commitCount = writer.prepare('SELECT a FROM moments').pluck().get();
    const copy = new Sqlite(out.file('copy.db'), { readonly: true });
    const moment = copy.prepare('SELECT a, b FROM moments').get() as { a: number; b: number };
    copy.close();
    expect(moment.a).toBe(moment.b);
    expect(moment.a).toBeLessThan(Number(commitCount));
  });

  it('replaces nothing, and names a folder that is missing or is none', async () => {
    writeFileSync(out.file('kept'), 'kept');
    await expect(back(out.file('kept'))).rejects.toMatchObject({
      code: 'TARGET_EXISTS',
      exitCode: 7,
    });
    expect(readFileSync(out.file('kept'), 'utf8')).toBe('kept');
    await expect(back(out.path)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    for (const path of [out.file('no/copy.db'), out.file('kept/copy.db')]) {
      await expect(back(path)).rejects.toMatchObject({
        code: 'TARGET_FOLDER_MISSING',
        exitCode: 7,
      });
    }
    expect(readdirSync(out.path)).toEqual(['kept']);
  });

  it('ends as it was told when it is stopped, and leaves nothing', async () => {
    fill();
    const stopping = new AbortController();
    const what = { folder: data.path, target: out.file('copy.db') };
    const making = backUp(what, { signal: stopping.signal });
    stopping.abort(new Error('stopped'));
    await expect(making).rejects.toThrow('stopped');
    expect(readdirSync(out.path)).toEqual([]);
  });

  it('says where there is no database, and refuses one of another program', async () => {
    const none = { folder: out.path, target: out.file('copy.db') };
    await expect(backUp(none, { signal })).rejects.toMatchObject({
      code: 'DATA_FOLDER_UNUSABLE',
      exitCode: 2,
    });
    const foreign = new Sqlite(out.file('tracker.db'));
    foreign.exec('CREATE TABLE notes (text TEXT)');
    foreign.close();
    await expect(backUp(none, { signal })).rejects.toMatchObject({ code: 'DATABASE_UNUSABLE' });
    expect(readdirSync(out.path)).toEqual(['tracker.db']);
  });

  it('does not pass damage off as a backup', async () => {
    fill();
    await live.close();
    const path = data.file('tracker.db');
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 100 * 4_096, 101 * 4_096);
    writeFileSync(path, bytes);
    await expect(back(out.file('copy.db'))).rejects.toMatchObject({
      code: 'DATABASE_UNUSABLE',
      exitCode: 1,
    });
    expect(readdirSync(out.path)).toEqual([]);
  });

  it.runIf(canMount())('says that the disk is full, and leaves nothing', async () => {
    fill();
    const folder = mountDisk('size=1m');
    await expect(back(join(folder, 'copy.db'))).rejects.toMatchObject({
      code: 'DISK_FULL',
      exitCode: 7,
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it.runIf(canMount())('says that it may not write there', async () => {
    const folder = mountDisk('ro');
    await expect(back(join(folder, 'copy.db'))).rejects.toMatchObject({
      code: 'DISK_PERMISSION',
      exitCode: 7,
    });
  });
});
