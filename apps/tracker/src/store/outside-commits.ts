import type { Database, Statement } from 'better-sqlite3';

/**
 * Notices that somebody other than the one writer has changed the database: an admin's shell, another
 * process. Whoever answers from memory checks first. `PRAGMA data_version` of the writer's connection
 * changes with the commits of all other connections, not with its own.
 */
export class OutsideCommits {
  private readonly statement: Statement<[]>;
  private readonly listeners: (() => void)[] = [];
  private version: unknown;

  constructor(writer: Database) {
    this.statement = writer.prepare<[]>('PRAGMA data_version').pluck();
    this.version = this.statement.get();
  }

  /** The listener forgets all that it has read. */
  whenNoticed(listener: () => void): void {
    this.listeners.push(listener);
  }

  check(): void {
    const version = this.statement.get();
    if (version === this.version) return;
    this.version = version;
    for (const listener of this.listeners) listener();
  }
}
