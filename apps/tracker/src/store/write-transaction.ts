import type { Sql, SqlValue, WriteSql } from './sql.js';

/** How far a transaction was. */
export interface TransactionMark {
  readonly writeCount: number;
  readonly applicationCount: number;
}

/** One transaction after the other. Notes what was written, as far as one can see from outside: a
 *  statement that throws has changed nothing, unless it ended the transaction. */
export class WriteTransaction implements WriteSql {
  private writeCount = 0;
  /** What the transaction will have done when it is committed. */
  private applications: (() => void)[] = [];

  constructor(private readonly sql: Sql) {}

  async begin(): Promise<void> {
    this.applications = [];
    await this.sql.run('BEGIN IMMEDIATE');
  }

  async commit(): Promise<void> {
    await this.sql.run('COMMIT');
    for (const apply of this.applications) apply();
  }

  /** Also of a transaction that an error has ended already. */
  async rollback(): Promise<void> {
    await this.sql.run('ROLLBACK').catch(() => undefined);
  }

  mark(): TransactionMark {
    return { writeCount: this.writeCount, applicationCount: this.applications.length };
  }

  hasWrittenSince({ writeCount }: TransactionMark): boolean {
    return this.writeCount !== writeCount;
  }

  forgetApplications({ applicationCount }: TransactionMark): void {
    this.applications.length = applicationCount;
  }

  all<Row>(text: string, parameters?: readonly SqlValue[]): Promise<Row[]> {
    const rows = this.sql.all<Row>(text, parameters);
    return isRead(text) ? rows : rows.then((written) => this.note(written, written.length));
  }

  column<Value>(text: string, parameters?: readonly SqlValue[]): Promise<Value[]> {
    const values = this.sql.column<Value>(text, parameters);
    return isRead(text) ? values : values.then((written) => this.note(written, written.length));
  }

  first<Row>(text: string, parameters?: readonly SqlValue[]): Promise<Row | undefined> {
    const row = this.sql.first<Row>(text, parameters);
    return isRead(text) ? row : row.then((found) => this.note(found, found === undefined ? 0 : 1));
  }

  run(text: string, parameters?: readonly SqlValue[]): Promise<number> {
    return this.sql.run(text, parameters).then((changed) => this.note(changed, changed));
  }

  afterCommit(apply: () => void): void {
    this.applications.push(apply);
  }

  private note<Result>(result: Result, writeCount: number): Result {
    this.writeCount += writeCount;
    return result;
  }
}

/** All other texts that give rows are writes with RETURNING. */
function isRead(text: string): boolean {
  return text.startsWith('SELECT');
}
