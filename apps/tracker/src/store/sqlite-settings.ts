import type { Database } from 'better-sqlite3';

/** `SHOA`: marks a SQLite file as a tracker's database. */
export const APPLICATION_ID = 0x53484f41;
export const BUSY_TIMEOUT_MS = 5_000;
/** Pages that a connection keeps. A reader forgets them with each commit: more would be wasted on it. */
const WRITER_CACHE_KIB = 8_192;
const READER_CACHE_KIB = 2_048;
/** Pages of the log before it is copied into the database (16 MiB): rows that change all the time are
 *  copied once for many changes. */
const CHECKPOINT_PAGE_COUNT = 4_000;
/** A log that has grown beyond this is cut to it when it begins anew. */
export const KEPT_LOG_BYTES = 32 * 1024 * 1024;

const WANTED = {
  journal_mode: 'wal',
  synchronous: 2, // FULL: an acknowledged commit survives power loss
  foreign_keys: 1,
  busy_timeout: BUSY_TIMEOUT_MS,
} as const;

/** The database does not do what durability needs; the message names the setting. */
export class SqliteSettingError extends Error {
  override readonly name = 'SqliteSettingError';
}

/** Sets what every connection needs. The file's own setting (WAL) is made by the writer. */
export function applySqliteSettings(database: Database): void {
  database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  if (!database.readonly) {
    database.pragma('journal_mode = WAL');
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGE_COUNT}`);
    database.pragma(`journal_size_limit = ${KEPT_LOG_BYTES}`);
  }
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma(`cache_size = -${database.readonly ? READER_CACHE_KIB : WRITER_CACHE_KIB}`);
}

/** Throws SqliteSettingError unless every setting is in force. */
export function checkSqliteSettings(database: Database): void {
  for (const [setting, wanted] of Object.entries(WANTED)) {
    const actual = database.pragma(setting, { simple: true });
    if (actual !== wanted) {
      throw new SqliteSettingError(
        `SQLite keeps ${setting} = ${String(actual)} instead of ${wanted}`,
      );
    }
  }
}
