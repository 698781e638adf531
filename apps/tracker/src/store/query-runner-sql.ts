import type { QueryRunner } from 'typeorm';
import type { Sql, SqlValue } from './sql.js';

/** SQL over a TypeORM query runner, which caches prepared statements by their text. */
export class QueryRunnerSql implements Sql {
  constructor(private readonly runner: QueryRunner) {}

  async all<Row>(text: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    return (await this.runner.query(text, [...parameters])) as Row[];
  }

  async first<Row>(text: string, parameters: readonly SqlValue[] = []): Promise<Row | undefined> {
    const rows = (await this.runner.query(text, [...parameters])) as Row[];
    return rows[0];
  }

  async run(text: string, parameters: readonly SqlValue[] = []): Promise<number> {
    const result = await this.runner.query(text, [...parameters], true);
    return result.affected ?? 0;
  }
}
