import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES: readonly string[] = [
  // Who may join. Tokens are kept as hashes only; groups are a JSON list of names.
  `CREATE TABLE invites (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('reader', 'publisher', 'admin')),
    groups TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    max_uses INTEGER,
    used_count INTEGER NOT NULL DEFAULT 0,
    revoked_at TEXT
  ) WITHOUT ROWID`,

  // Who has joined, and with which invite: a member stands as long as it does. groups_set_at: when an
  // operator gave it other groups than its invite did.
  `CREATE TABLE members (
    identity TEXT PRIMARY KEY,
    invite_id TEXT NOT NULL REFERENCES invites (id),
    hostname TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('reader', 'publisher', 'admin')),
    groups TEXT NOT NULL,
    joined_at TEXT NOT NULL,
    groups_set_at TEXT,
    revoked_at TEXT
  ) WITHOUT ROWID`,
  'CREATE INDEX members_by_invite ON members (invite_id)',
  'CREATE INDEX members_by_revocation ON members (revoked_at) WHERE revoked_at IS NOT NULL',
];

/** Invites and members of a secured network. */
export class Membership1768608000000 implements MigrationInterface {
  readonly name = 'Membership1768608000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of TABLES) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE members');
    await runner.query('DROP TABLE invites');
  }
}
