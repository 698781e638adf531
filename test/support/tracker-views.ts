import Database from 'better-sqlite3';
import type { RunningTracker } from './start-tracker.js';

/** A tracker's database as an admin sees it from a shell: read-only, beside the running tracker. */
export class TrackerViews implements Disposable {
  private readonly database: Database.Database;

  constructor(tracker: RunningTracker) {
    this.database = new Database(tracker.databasePath, { readonly: true });
  }

  rows<Row>(sql: string, ...parameters: readonly unknown[]): Row[] {
    return this.database.prepare(sql).all(...parameters) as Row[];
  }

  /** The first column of the only row. */
  value(sql: string, ...parameters: readonly unknown[]): unknown {
    return this.database
      .prepare(sql)
      .pluck()
      .get(...parameters);
  }

  /** All that `read` reads is of one moment. */
  atOnce<T>(read: () => T): T {
    return this.database.transaction(read)();
  }

  [Symbol.dispose](): void {
    this.database.close();
  }
}
