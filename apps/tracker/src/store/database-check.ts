import { statSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { damaged, DatabaseUnusableError, unusable } from './database-fault.js';
import { findLogDamage } from './log-damage.js';
import { APPLICATION_ID } from './sqlite-settings.js';

/** Files up to this size are checked from end to end at start, at about 3 ms a MiB that is in memory;
 *  `tracker backup` checks all of them. */
const MAX_QUICK_CHECK_BYTES = 64 * 1024 * 1024;

/**
 * Looks at a database before anything is done to it, and changes nothing: also not what is in its log,
 * which the last connection that can write would copy and remove. Throws DatabaseUnusableError, or
 * SQLite's own error.
 */
export function checkDatabase(path: string): 'absent' | 'present' {
  const sizeBytes = sizeOf(path);
  const logBytes = sizeOf(`${path}-wal`) ?? 0;
  if (sizeBytes === undefined) {
    if (logBytes === 0) return 'absent';
    throw unusable(`${path} is missing, but its log ${path}-wal is there`, path);
  }
  if (sizeBytes === 0) throw damaged(path, 'it is empty');
  const finding = findLogDamage(`${path}-wal`);
  if (finding !== undefined) throw damaged(path, finding);
  const database = new Sqlite(path, { fileMustExist: true, readonly: true });
  try {
    refuseForeign(database, path);
    if (logBytes === 0) checkEnd(database, { path, sizeBytes });
    if (sizeBytes + logBytes <= MAX_QUICK_CHECK_BYTES) checkPages(database, path);
    return 'present';
  } finally {
    database.close();
  }
}

/** Throws DatabaseUnusableError. */
export function refuseForeign(database: Sqlite.Database, path: string): void {
  const tableCount = database.prepare('SELECT COUNT(*) FROM sqlite_master').pluck().get();
  const applicationId = database.pragma('application_id', { simple: true });
  if (tableCount === 0 || applicationId === APPLICATION_ID) return;
  const message = `${path} is a SQLite database of another program; choose another --data folder`;
  throw new DatabaseUnusableError(message);
}

/** A checkpoint that a crash cut short leaves its log; without one, all pages are there in whole. */
function checkEnd(
  database: Sqlite.Database,
  { path, sizeBytes }: { path: string; sizeBytes: number },
): void {
  const pageBytes = Number(database.pragma('page_size', { simple: true }));
  const pageCount = Number(database.pragma('page_count', { simple: true }));
  if (sizeBytes === pageBytes * pageCount) return;
  throw damaged(path, `it has ${sizeBytes} bytes instead of ${pageBytes * pageCount}`);
}

/** Reads all pages but those of free space. Throws DatabaseUnusableError. */
export function checkPages(database: Sqlite.Database, path: string): void {
  const finding = database.pragma('quick_check(1)', { simple: true });
  if (finding !== 'ok') throw damaged(path, String(finding).replaceAll('\n', ' '));
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
