import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { databaseOptions, type ConnectionMode } from '../../../../ormconfig.js';
import { DamageWatch } from './damage-watch.js';
import { damaged, DatabaseUnusableError, isDamage, sqliteCode } from './database-fault.js';
import { checkDatabase } from './database-check.js';
import { checkSqliteSettings } from './sqlite-settings.js';
import { syncFolder } from './sync-folder.js';

/** Both connections of a tracker: one writes, the other reads what is committed. */
export class OpenDatabase {
  private constructor(
    readonly writer: DataSource,
    readonly reader: DataSource,
    readonly damage: DamageWatch,
  ) {}

  /** Runs the migrations that are due. Throws DatabaseUnusableError or SqliteSettingError. */
  static async open(path: string): Promise<OpenDatabase> {
    try {
      if (checkDatabase(path) === 'absent') await create(path);
      const writer = await connect(path, 'write');
      try {
        await refuseNewer(writer, path);
        await writer.runMigrations({ transaction: 'each' });
        return new OpenDatabase(writer, await connect(path, 'read'), new DamageWatch(path));
      } catch (error) {
        await writer.destroy();
        throw error;
      }
    } catch (error) {
      throw explain(error, path);
    }
  }

  /** May be called twice. The last connection that can write copies the log into the file, and removes
   *  it: a damaged file is left as it is. */
  async close(): Promise<void> {
    const { reader, writer } = this;
    for (const source of this.damage.isFound ? [writer, reader] : [reader, writer]) {
      if (source.isInitialized) await source.destroy();
    }
  }
}

/** A database is there whole or not at all: an empty file was never left by us. */
async function create(path: string): Promise<void> {
  const fresh = `${path}.new`;
  await removeDatabase(fresh);
  try {
    await fill(fresh);
    await rename(fresh, path);
  } catch (error) {
    await removeDatabase(fresh);
    throw error;
  }
  await syncFolder(dirname(path));
}

async function fill(fresh: string): Promise<void> {
  const source = await connect(fresh, 'write');
  try {
    await source.runMigrations({ transaction: 'each' });
    // The log does not get the new name. Closing copies it, too, but keeps to itself that it could not.
    rawConnection(source).pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    await source.destroy();
  }
}

async function removeDatabase(path: string): Promise<void> {
  for (const suffix of ['', '-journal', '-wal', '-shm']) {
    await rm(`${path}${suffix}`, { force: true });
  }
}

async function connect(path: string, mode: ConnectionMode): Promise<DataSource> {
  const source = await new DataSource(databaseOptions(path, mode)).initialize();
  try {
    checkSqliteSettings(rawConnection(source));
    return source;
  } catch (error) {
    await source.destroy();
    throw error;
  }
}

/** A program that does not know a migration does not know what it changed either. */
async function refuseNewer(writer: DataSource, path: string): Promise<void> {
  const database = rawConnection(writer);
  const hasTable = database
    .prepare("SELECT COUNT(*) FROM sqlite_master WHERE name = 'schema_migrations'")
    .pluck();
  if (hasTable.get() === 0) return;
  const known = new Set(writer.migrations.map(({ name }) => name));
  const applied = await writer.query<{ name: string }[]>('SELECT name FROM schema_migrations');
  if (applied.every(({ name }) => known.has(name))) return;
  throw new DatabaseUnusableError(`${path} was written by a newer version of this program`);
}

/** The SQLite connection of an initialised data source. */
export function rawConnection(source: DataSource): Database {
  return (source.driver as unknown as { readonly databaseConnection: Database }).databaseConnection;
}

function explain(error: unknown, path: string): unknown {
  const cause = rootCause(error);
  if (isDamage(cause)) return damaged(path, cause.message, cause);
  if (sqliteCode(cause) === undefined) return error;
  const { message } = cause as Error;
  return new DatabaseUnusableError(`${path} cannot be opened: ${message}`, { cause });
}

function rootCause(error: unknown): unknown {
  const wrapped = error as { readonly driverError?: unknown } | null;
  return wrapped?.driverError ?? error;
}
