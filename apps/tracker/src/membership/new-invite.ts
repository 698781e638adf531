import { hashToken, newInviteToken } from '#identity';
import type { GroupName, InviteToken, Role } from '#protocol';
import { toIsoTime, type Sql } from '../store/sql.js';

/** What an invite gives, and to how many for how long. */
export interface InviteTerms {
  readonly role: Role;
  readonly groups: readonly GroupName[];
  /** Null: never. */
  readonly expiresAtMs: number | null;
  /** Null: no limit. */
  readonly maxUses: number | null;
}

/** What the first invite of a network is. */
export const FIRST_INVITE: InviteTerms = {
  role: 'publisher',
  groups: [],
  expiresAtMs: null,
  maxUses: null,
};

/** So that it can be taken for no other id. */
const ID_PREFIX = 'inv-';
const ID_CHARS = 6;

/** Keeps an invite, by the hash of its token. Returns what it is called. */
export async function insertInvite(
  sql: Sql,
  token: InviteToken,
  terms: InviteTerms,
): Promise<string> {
  const { role, groups, expiresAtMs, maxUses } = terms;
  for (;;) {
    const id = `${ID_PREFIX}${newInviteToken().slice(0, ID_CHARS)}`;
    const insertedCount = await sql.run(
      `INSERT INTO invites (id, token_hash, role, groups, created_at, expires_at, max_uses)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
      [
        id,
        hashToken(token),
        role,
        JSON.stringify(groups),
        toIsoTime(Date.now()),
        expiresAtMs === null ? null : toIsoTime(expiresAtMs),
        maxUses,
      ],
    );
    if (insertedCount === 1) return id;
  }
}
