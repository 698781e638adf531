import type { MigrationInterface, QueryRunner } from 'typeorm';
import { TABLES } from './initial-tables.js';
import { VIEWS } from './initial-views.js';

/** The schema of 0.1.0. Never edited after its release. */
export class InitialSchema1767225600000 implements MigrationInterface {
  readonly name = 'InitialSchema1767225600000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLES, ...VIEWS]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    const views = ['v_availability', 'v_chunks', 'v_ownership', 'v_peers', 'v_files'];
    const tables = [
      'completions',
      'chunk_ownership',
      'staged_manifest_pages',
      'manifest_pages',
      'name_versions',
      'peers',
      'files',
      'chunk_indexes',
    ];
    for (const view of views) await runner.query(`DROP VIEW ${view}`);
    for (const table of tables) await runner.query(`DROP TABLE ${table}`);
  }
}
