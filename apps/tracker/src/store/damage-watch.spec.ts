import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TempDir } from '../../../../test/support/temp-dir.js';
import { DamageWatch } from './damage-watch.js';
import { SqliteSql } from './sqlite-sql.js';
import { WriteQueue } from './write-queue.js';

describe('DamageWatch', () => {
  let folder: TempDir;
  let database: Database;
  let damage: DamageWatch;
  let queue: WriteQueue;

  /** A database whose first table is sound, and whose second one is not. */
  beforeEach(async () => {
    folder = await TempDir.create();
    const path = folder.file('tracker.db');
    const made = new Sqlite(path);
    made.exec('CREATE TABLE sound (id INTEGER PRIMARY KEY); CREATE TABLE spoilt (bytes BLOB)');
    made.prepare('INSERT INTO spoilt VALUES (?)').run(randomBytes(100_000));
    made.close();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xa5, 5 * 4_096));
    database = new Sqlite(path);
    damage = new DamageWatch(path);
    queue = new WriteQueue(new SqliteSql(database, damage));
  });
  afterEach(async () => {
    database.close();
    await folder[Symbol.asyncDispose]();
  });

  const insert = () => queue.submit((sql) => sql.run('INSERT INTO sound VALUES (NULL)'));
  const read = () => new SqliteSql(database, damage).all('SELECT bytes FROM spoilt');

  it('lets nothing be written once a read has come upon damage', async () => {
    expect(await insert()).toBe(1);
    await expect(read()).rejects.toMatchObject({ code: 'SQLITE_CORRUPT' });
    expect((await damage.found).message).toMatch(/tracker\.db is damaged .*put a backup/);
    await expect(insert()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(read()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(database.prepare('SELECT COUNT(*) FROM sound').pluck().get()).toBe(1);
  });

  it('takes back all that shares a transaction with the write that came upon it', async () => {
    const spoil = queue.submit((sql) => sql.run(`UPDATE spoilt SET bytes = bytes || 'x'`));
    const outcomes = await Promise.allSettled([insert(), spoil, insert()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(damage.isFound).toBe(true);
    database.close();
    database = new Sqlite(folder.file('tracker.db'));
    expect(database.prepare('SELECT COUNT(*) FROM sound').pluck().get()).toBe(0);
  });

  it('is not concerned with other errors', async () => {
    const wrong = new SqliteSql(database, damage).run('INSERT INTO nowhere VALUES (1)');
    await expect(wrong).rejects.toMatchObject({ code: 'SQLITE_ERROR' });
    expect(damage.isFound).toBe(false);
    expect(await insert()).toBe(1);
  });
});
