import { existsSync, statSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { databaseOptions, type ConnectionMode } from '../../../../ormconfig.js';
import { APPLICATION_ID, checkSqliteSettings } from './sqlite-settings.js';

/** Files up to this size are checked from end to end at start. */
const MAX_QUICK_CHECK_BYTES = 64 * 1024 * 1024;

/** The file is damaged, foreign, or of a newer version. It is left as it is. */
export class DatabaseUnusableError extends Error {
  override readonly name = 'DatabaseUnusableError';
}

/** Both connections of a tracker: one writes, the other reads what is committed. */
export class OpenDatabase {
  private constructor(
    readonly writer: DataSource,
    readonly reader: DataSource,
  ) {}

  /** Runs the migrations that are due. Throws DatabaseUnusableError or SqliteSettingError. */
  static async open(path: string): Promise<OpenDatabase> {
    try {
      if (existsSync(path)) inspect(path);
      const writer = await connect(path, 'write');
      try {
        await refuseNewer(writer, path);
        await writer.runMigrations({ transaction: 'each' });
        return new OpenDatabase(writer, await connect(path, 'read'));
      } catch (error) {
        await writer.destroy();
        throw error;
      }
    } catch (error) {
      throw explain(error, path);
    }
  }

  /** May be called twice. */
  async close(): Promise<void> {
    if (this.reader.isInitialized) await this.reader.destroy();
    if (this.writer.isInitialized) await this.writer.destroy();
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

function inspect(path: string): void {
  const database = new Sqlite(path, { fileMustExist: true });
  try {
    const tableCount = database.prepare('SELECT COUNT(*) FROM sqlite_master').pluck().get();
    const applicationId = database.pragma('application_id', { simple: true });
    if (tableCount !== 0 && applicationId !== APPLICATION_ID) {
      throw new DatabaseUnusableError(
        `${path} is a SQLite database of another program; choose another --data folder`,
      );
    }
    if (statSync(path).size > MAX_QUICK_CHECK_BYTES) return;
    const finding = database.pragma('quick_check(1)', { simple: true });
    if (finding !== 'ok') throw new DatabaseUnusableError(damaged(path, String(finding)));
  } finally {
    database.close();
  }
}

function explain(error: unknown, path: string): unknown {
  const cause = rootCause(error);
  if (!(cause instanceof Sqlite.SqliteError)) return error;
  if (cause.code === 'SQLITE_NOTADB' || cause.code.startsWith('SQLITE_CORRUPT')) {
    return new DatabaseUnusableError(damaged(path, cause.message), { cause });
  }
  return new DatabaseUnusableError(`${path} cannot be opened: ${cause.message}`, { cause });
}

function rootCause(error: unknown): unknown {
  const wrapped = error as { readonly driverError?: unknown } | null;
  return wrapped?.driverError ?? error;
}

function damaged(path: string, finding: string): string {
  return (
    `${path} is damaged or not a database (${finding}). Nothing was changed: put a backup in its ` +
    'place, or move the file away to start with an empty one; peers register again what they have'
  );
}
