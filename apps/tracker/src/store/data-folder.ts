import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CommandError } from '../cli/command-error.js';
import { DataFolderInUseError, DataFolderLock } from './data-folder-lock.js';
import { DatabaseUnusableError } from './database-fault.js';
import { OpenDatabase } from './open-database.js';
import { SqliteSettingError } from './sqlite-settings.js';

/** A data folder of ours alone, with its database open. */
export class DataFolder {
  constructor(
    readonly database: OpenDatabase,
    private readonly lock: DataFolderLock,
  ) {}

  /** May be called twice. */
  async close(): Promise<void> {
    await this.database.close();
    this.lock.release();
  }
}

/** Makes the folder when it is missing. Throws CommandError. */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const folder = resolve(path);
  const lock = await acquire(folder);
  try {
    return new DataFolder(await OpenDatabase.open(join(folder, 'tracker.db')), lock);
  } catch (error) {
    lock.release();
    if (error instanceof DatabaseUnusableError || error instanceof SqliteSettingError) {
      throw new CommandError('DATABASE_UNUSABLE', error.message, { cause: error });
    }
    throw error;
  }
}

async function acquire(folder: string): Promise<DataFolderLock> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return DataFolderLock.acquire(folder);
  } catch (cause) {
    if (cause instanceof DataFolderInUseError) {
      throw new CommandError('DATA_FOLDER_IN_USE', cause.message, { cause });
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `--data (SHOAL_DATA): ${folder} cannot be used: ${reason}`;
    throw new CommandError('DATA_FOLDER_UNUSABLE', message, { cause });
  }
}
