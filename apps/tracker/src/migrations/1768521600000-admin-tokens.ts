import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What opens the operators' side beyond loopback. Of a token there is only its hash. */
export class AdminTokens1768521600000 implements MigrationInterface {
  readonly name = 'AdminTokens1768521600000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE admin_tokens (
      id TEXT PRIMARY KEY,
      token_hash TEXT NOT NULL UNIQUE,
      label TEXT NOT NULL,
      created_at TEXT NOT NULL,
      expires_at TEXT,
      revoked_at TEXT
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE admin_tokens');
  }
}
