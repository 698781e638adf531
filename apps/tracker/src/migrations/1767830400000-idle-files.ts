import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Since when no name has pointed at a file while nobody held any of it. */
export class IdleFiles1767830400000 implements MigrationInterface {
  readonly name = 'IdleFiles1767830400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE idle_files (
      file_id INTEGER PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE,
      idle_since TEXT NOT NULL
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE idle_files');
  }
}
