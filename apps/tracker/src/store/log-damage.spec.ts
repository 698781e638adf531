import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TempDir } from '../../../../test/support/temp-dir.js';
import { findLogDamage } from './log-damage.js';

const PAGE_BYTES = 4_096;
const FRAME_BYTES = 24 + PAGE_BYTES;
const frameAt = (index: number) => 32 + index * FRAME_BYTES;

describe('findLogDamage', () => {
  let folder: TempDir;
  let database: Database;
  let log: string;

  /** The log of a database with five commits after its table, as a kill -9 leaves it. */
  beforeEach(async () => {
    folder = await TempDir.create();
    database = new Sqlite(folder.file('live.db'));
    database.pragma(`page_size = ${PAGE_BYTES}`);
    database.pragma('journal_mode = WAL');
    database.exec('CREATE TABLE notes (text TEXT)');
    for (const text of ['a', 'b', 'c', 'd', 'e']) insert(text);
    copyFileSync(folder.file('live.db'), folder.file('copy.db'));
    log = folder.file('copy.db-wal');
    copyFileSync(folder.file('live.db-wal'), log);
  });
  afterEach(async () => {
    database.close();
    await folder[Symbol.asyncDispose]();
  });

  const insert = (text: string) =>
    database.prepare('INSERT INTO notes VALUES (?)').run(text.repeat(3_000));
  const overwrite = (at: number, bytes: readonly number[]) => {
    const all = readFileSync(log);
    all.set(bytes, at);
    writeFileSync(log, all);
  };
  const frameCount = () => Math.floor((readFileSync(log).length - 32) / FRAME_BYTES);
  /** What SQLite itself believes. */
  const readableCount = () => {
    const copy = new Sqlite(folder.file('copy.db'), { readonly: true });
    try {
      return copy.prepare('SELECT COUNT(*) FROM notes').pluck().get();
    } finally {
      copy.close();
    }
  };

  it('finds nothing in a sound log, in none, and in one of zeros', () => {
    expect(findLogDamage(log)).toBeUndefined();
    expect(findLogDamage(folder.file('none-wal'))).toBeUndefined();
    writeFileSync(log, Buffer.alloc(100_000));
    expect(findLogDamage(log)).toBeUndefined();
  });

  it('finds an overwritten frame with commits after it, which SQLite would drop', () => {
    overwrite(frameAt(3) + 1_000, [1, 2, 3, 4]);
    expect(findLogDamage(log)).toContain('frame 4 of');
    expect(readableCount()).toBeLessThan(5);
  });

  it.each([
    ['page', 24],
    ['salt', 8],
    ['checksum', 16],
  ])('finds a frame whose %s is not what was written', (_, at) => {
    overwrite(frameAt(2) + at, [0xde, 0xad, 0xbe, 0xef]);
    expect(findLogDamage(log)).toContain('frame 3 of');
  });

  it('finds a header that is not valid, or only a piece of one', () => {
    overwrite(0, [0, 0, 0, 0]);
    expect(findLogDamage(log)).toContain('header');
    overwrite(0, [0x37, 0x7f, 0x06, 0x82]);
    overwrite(18, [9]);
    expect(findLogDamage(log)).toContain('header');
    truncateSync(log, 31);
    expect(findLogDamage(log)).toContain('cut short');
  });

  it('takes a last transaction in pieces for what it is: a power cut', () => {
    const lastIndex = frameCount() - 1;
    overwrite(frameAt(lastIndex) + 500, [1, 2, 3, 4]);
    expect(findLogDamage(log)).toBeUndefined();
    for (let sizeBytes = readFileSync(log).length; sizeBytes >= 32; sizeBytes -= 997) {
      truncateSync(log, sizeBytes);
      expect(findLogDamage(log)).toBeUndefined();
    }
  });

  it('is not disturbed by what an older generation of the log left behind', () => {
    database.pragma('wal_checkpoint(RESTART)');
    insert('f');
    copyFileSync(folder.file('live.db-wal'), log);
    expect(frameCount()).toBeGreaterThan(5);
    expect(findLogDamage(log)).toBeUndefined();
  });
});
