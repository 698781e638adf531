import { existsSync } from 'node:fs';
import { chmod, link, lstat, mkdtemp, open, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { CommandError } from '../cli/command-error.js';
import { toBackupError } from './backup-error.js';
import { checkPages, refuseForeign } from './database-check.js';
import { BUSY_TIMEOUT_MS } from './sqlite-settings.js';
import { syncFolder } from './sync-folder.js';

/** Copied in one turn of the event loop (4 MiB): a signal is heard between two. */
const PAGES_PER_STEP = 1_024;
/** As the data folder: nobody else's. */
const FILE_MODE = 0o600;
const NO_HARD_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

export interface BackupReport {
  readonly path: string;
  readonly sizeBytes: number;
  readonly seconds: number;
}

/**
 * Copies the database of a data folder as it is at one moment, whether a tracker is running on it or not.
 * The copy is checked from end to end and synced before it gets its name; a file that is there is never
 * replaced. Throws CommandError, or the signal's reason.
 */
export async function backUp(
  { folder, target }: { folder: string; target: string },
  { signal }: { signal: AbortSignal },
): Promise<BackupReport> {
  const startMs = performance.now();
  const source = join(resolve(folder), 'tracker.db');
  const path = resolve(target);
  if (!existsSync(source)) {
    const message = `--data (SHOAL_DATA): there is no database ${source}`;
    throw new CommandError('DATA_FOLDER_UNUSABLE', message);
  }
  try {
    await refuseExisting(path);
    const staging = await mkdtemp(`${path}.part-`);
    try {
      const copy = join(staging, 'tracker.db');
      await copyPages(source, copy, signal);
      finish(copy, source);
      await sync(copy);
      await placeExclusively(copy, path);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
    await syncFolder(dirname(path));
    const { size: sizeBytes } = await lstat(path);
    return { path, sizeBytes, seconds: (performance.now() - startMs) / 1_000 };
  } catch (error) {
    throw toBackupError(error, { source, path });
  }
}

/** All steps see the database as it was at the first one: a read is open meanwhile. Without it every
 *  commit of the tracker would make the copy begin anew. */
async function copyPages(source: string, copy: string, signal: AbortSignal): Promise<void> {
  const database = new Sqlite(source, { readonly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    refuseForeign(database, source);
    database.exec('BEGIN');
    database.prepare('SELECT COUNT(*) FROM sqlite_master').get();
    await database.backup(copy, {
      progress: () => {
        signal.throwIfAborted();
        return PAGES_PER_STEP;
      },
    });
  } finally {
    database.close();
  }
}

/** The pages say that there is a log beside them: the copy is one file. */
function finish(copy: string, source: string): void {
  const database: Database = new Sqlite(copy, { fileMustExist: true });
  try {
    database.pragma('journal_mode = DELETE');
    checkPages(database, source);
  } finally {
    database.close();
  }
}

async function sync(copy: string): Promise<void> {
  await chmod(copy, FILE_MODE);
  const handle = await open(copy, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Never over a file that is there; where there are no hard links, as far as one can see. */
async function placeExclusively(copy: string, path: string): Promise<void> {
  try {
    await link(copy, path);
    await unlink(copy);
  } catch (error) {
    if (!NO_HARD_LINKS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await refuseExisting(path);
    await rename(copy, path);
  }
}

async function refuseExisting(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  const message = `${path} exists already; a backup never replaces a file`;
  throw new CommandError('TARGET_EXISTS', message);
}
