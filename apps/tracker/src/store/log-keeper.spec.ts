import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LongRead } from '../../../../test/support/long-read.js';
import { TempDir } from '../../../../test/support/temp-dir.js';
import { LogKeeper } from './log-keeper.js';
import { applySqliteSettings, BUSY_TIMEOUT_MS, KEPT_LOG_BYTES } from './sqlite-settings.js';

const MIB = 1024 * 1024;

describe('LogKeeper', () => {
  let folder: TempDir;
  let writer: Database;
  let heard: string[];
  let keeper: LogKeeper;

  beforeEach(async () => {
    folder = await TempDir.create();
    writer = new Sqlite(folder.file('tracker.db'));
    applySqliteSettings(writer);
    writer.exec('CREATE TABLE notes (id INTEGER PRIMARY KEY, bytes BLOB)');
    heard = [];
    const ears = {
      warn: (message: string) => heard.push(`warn ${message}`),
      log: (message: string) => heard.push(`log ${message}`),
    };
    keeper = new LogKeeper(writer, ears);
  });
  afterEach(async () => {
    writer.close();
    await folder[Symbol.asyncDispose]();
  });

  const logBytes = () => statSync(`${writer.name}-wal`).size;
  /** The same row over and over: the database does not grow. */
  const writeUntil = (isEnough: () => boolean) => {
    const replace = writer.prepare('INSERT OR REPLACE INTO notes VALUES (1, ?)');
    while (!isEnough()) replace.run(randomBytes(MIB));
  };

  it('has nothing to do while nobody holds a read open', () => {
    let writtenCount = 0;
    writeUntil(() => {
      keeper.look();
      writtenCount += 1;
      return writtenCount > 100;
    });
    expect(logBytes()).toBeLessThan(KEPT_LOG_BYTES);
    expect(heard).toEqual([]);
  });

  it('says why the log grows under a long read, and shrinks it when that has ended', async () => {
    await using reader = await LongRead.begin(writer.name);
    writeUntil(() => logBytes() > KEPT_LOG_BYTES);
    keeper.look();
    keeper.look();
    expect(heard).toEqual([
      expect.stringMatching(/^warn .*tracker\.db-wal has grown to \d\d MiB: another program/),
    ]);
    writeUntil(() => logBytes() > 2.2 * KEPT_LOG_BYTES);
    keeper.look();
    expect(heard).toHaveLength(2);
    expect(writer.pragma('busy_timeout', { simple: true })).toBe(BUSY_TIMEOUT_MS);
    await reader.end();
    keeper.look();
    expect(logBytes()).toBe(0);
    expect(heard[2]).toMatch(/^log .*has shrunk from \d\d MiB to 0\.0 MiB$/);
    keeper.look();
    expect(heard).toHaveLength(3);
  });

  it('leaves it to the next commits too, when it is not looked at', async () => {
    await using reader = await LongRead.begin(writer.name);
    writeUntil(() => logBytes() > 2 * KEPT_LOG_BYTES);
    await reader.end();
    let writtenCount = 0;
    writeUntil(() => (writtenCount += 1) > 3);
    expect(logBytes()).toBeLessThanOrEqual(KEPT_LOG_BYTES);
  });

  it('waits for the end of a transaction of its own connection', async () => {
    await using reader = await LongRead.begin(writer.name);
    writeUntil(() => logBytes() > KEPT_LOG_BYTES);
    await reader.end();
    writer.exec('BEGIN IMMEDIATE');
    keeper.look();
    writer.exec('COMMIT');
    expect(logBytes()).toBeGreaterThan(KEPT_LOG_BYTES);
    keeper.look();
    expect(logBytes()).toBe(0);
  });
});
