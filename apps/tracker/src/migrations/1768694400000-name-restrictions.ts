import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS: readonly string[] = [
  // JSON list of groups that may have a file by this name; NULL: every member.
  'ALTER TABLE name_versions ADD COLUMN allowed_groups TEXT',
  // 1: a name that pointed at this file was restricted once.
  'ALTER TABLE files ADD COLUMN restricted INTEGER NOT NULL DEFAULT 0',
  // What every member sees is counted and listed without looking at the names themselves.
  `CREATE INDEX name_versions_open ON name_versions (name)
    WHERE ended_at IS NULL AND allowed_groups IS NULL`,
  `CREATE INDEX name_versions_restricted ON name_versions (allowed_groups, published_by)
    WHERE ended_at IS NULL AND allowed_groups IS NOT NULL`,
];

/** Names that only some groups may have. */
export class NameRestrictions1768694400000 implements MigrationInterface {
  readonly name = 'NameRestrictions1768694400000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX name_versions_restricted');
    await runner.query('DROP INDEX name_versions_open');
    await runner.query('ALTER TABLE files DROP COLUMN restricted');
    await runner.query('ALTER TABLE name_versions DROP COLUMN allowed_groups');
  }
}
