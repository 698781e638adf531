import 'reflect-metadata';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { InitialSchema1767225600000 } from './apps/tracker/src/migrations/1767225600000-initial-schema.js';
import { IdleFiles1767830400000 } from './apps/tracker/src/migrations/1767830400000-idle-files.js';
import { AdminTokens1768521600000 } from './apps/tracker/src/migrations/1768521600000-admin-tokens.js';
import { Membership1768608000000 } from './apps/tracker/src/migrations/1768608000000-membership.js';
import { NameRestrictions1768694400000 } from './apps/tracker/src/migrations/1768694400000-name-restrictions.js';
import { ProvenEndpoints1768780800000 } from './apps/tracker/src/migrations/1768780800000-proven-endpoints.js';
import { applySqliteSettings, BUSY_TIMEOUT_MS } from './apps/tracker/src/store/sqlite-settings.js';

/** A tracker has one connection of each: SQLite lets one write while others read. */
export type ConnectionMode = 'write' | 'read';

/** The one configuration of the database, for the tracker and for TypeORM's own command line. */
export function databaseOptions(path: string, mode: ConnectionMode): DataSourceOptions {
  return {
    type: 'better-sqlite3',
    database: path,
    readonly: mode === 'read',
    timeout: BUSY_TIMEOUT_MS,
    prepareDatabase: (database: Database) => applySqliteSettings(database),
    statementCacheSize: 200,
    migrations: [
      InitialSchema1767225600000,
      IdleFiles1767830400000,
      AdminTokens1768521600000,
      Membership1768608000000,
      NameRestrictions1768694400000,
      ProvenEndpoints1768780800000,
    ],
    migrationsTableName: 'schema_migrations',
    migrationsRun: false,
    synchronize: false,
    logging: false,
  };
}

export default new DataSource(
  databaseOptions(join(process.env['SHOAL_DATA'] ?? '.', 'tracker.db'), 'write'),
);
