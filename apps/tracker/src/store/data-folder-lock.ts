import { join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';

/** Another process has the data folder open. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError';
}

/**
 * Keeps a data folder to one tracker. The lock is the operating system's (an exclusive SQLite
 * transaction on an empty file of its own): it ends with the process, also after kill -9.
 */
export class DataFolderLock {
  private constructor(private readonly database: Database) {}

  /** Throws DataFolderInUseError. */
  static acquire(folder: string): DataFolderLock {
    const database = new Sqlite(join(folder, 'tracker.lock'), { timeout: 0 });
    try {
      database.exec('BEGIN EXCLUSIVE');
      return new DataFolderLock(database);
    } catch (cause) {
      database.close();
      if (cause instanceof Sqlite.SqliteError && cause.code.startsWith('SQLITE_BUSY')) {
        throw new DataFolderInUseError(`another tracker is using ${folder}`, { cause });
      }
      throw cause;
    }
  }

  /** May be called twice. */
  release(): void {
    this.database.close();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
