import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Sqlite from 'better-sqlite3';
import { CommandError } from '../cli/command-error.js';
import { DataFolderInUseError, DataFolderLock } from './data-folder-lock.js';
import { checkDatabase } from './database-check.js';
import { DatabaseUnusableError } from './database-fault.js';
import type { Sql } from './sql.js';
import { applySqliteSettings, BUSY_TIMEOUT_MS } from './sqlite-settings.js';
import { SqliteSql } from './sqlite-sql.js';

/** The database of a tracker, which may be running, for a command that reads or changes a few rows. The
 *  tracker notices (OutsideCommits). */
export class CommandDatabase implements Disposable {
  readonly sql: Sql;

  private constructor(private readonly database: Sqlite.Database) {
    this.sql = new SqliteSql(database);
  }

  /** Of a tracker that was started at least once with this version: it has made `table`. Makes nothing.
   *  Throws CommandError DATA_FOLDER_UNUSABLE or DATABASE_UNUSABLE. */
  static open(folder: string, { table }: { table: string }): CommandDatabase {
    const path = join(resolve(folder), 'tracker.db');
    if (!existsSync(path)) {
      const message = `${path} does not exist: start the tracker once, or name its folder with --data`;
      throw new CommandError('DATA_FOLDER_UNUSABLE', message);
    }
    let database: Sqlite.Database | undefined;
    try {
      checkUnlessRunning(folder, path);
      database = new Sqlite(path, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
      applySqliteSettings(database);
      refuseOlder(database, { path, table });
      return new CommandDatabase(database);
    } catch (error) {
      database?.close();
      if (error instanceof CommandError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      const message = error instanceof DatabaseUnusableError ? reason : `${path}: ${reason}`;
      throw new CommandError('DATABASE_UNUSABLE', message, { cause: error });
    }
  }

  [Symbol.dispose](): void {
    this.database.close();
  }
}

function refuseOlder(
  database: Sqlite.Database,
  { path, table }: { path: string; table: string },
): void {
  const tables = database.prepare<[string]>('SELECT COUNT(*) FROM sqlite_master WHERE name = ?');
  if (tables.pluck().get(table) !== 0) return;
  const message = `${path} was made by an older version: start the tracker once`;
  throw new CommandError('DATABASE_UNUSABLE', message);
}

/** The last connection that closes removes the log: of a damaged one that would lose what it holds. */
function checkUnlessRunning(folder: string, path: string): void {
  let lock: DataFolderLock;
  try {
    lock = DataFolderLock.acquire(folder);
  } catch (error) {
    if (error instanceof DataFolderInUseError) return;
    throw error;
  }
  try {
    checkDatabase(path);
  } finally {
    lock.release();
  }
}
