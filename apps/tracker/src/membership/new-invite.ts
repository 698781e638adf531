import { hashToken } from '#identity';
import type { GroupName, InviteToken, Role } from '#protocol';
import { toIsoTime, type Sql } from '../store/sql.js';

/** What an invite gives, and to how many for how long. */
export interface InviteTerms {
  readonly role: Role;
  readonly groups: readonly GroupName[];
  /** Null: never. */
  readonly expiresAtMs: number | null;
  /** Null: any number. */
  readonly maxUses: number | null;
}

/** What the first invite of a network is. */
export const FIRST_INVITE: InviteTerms = {
  role: 'publisher',
  groups: [],
  expiresAtMs: null,
  maxUses: null,
};

/** Characters of the token's hash that are enough to name an invite; a longer one where they are not. */
const ID_CHARS = 8;

/** Keeps an invite, by the hash of its token. Returns what it is called. */
export async function insertInvite(
  sql: Sql,
  token: InviteToken,
  terms: InviteTerms,
): Promise<string> {
  const tokenHash = hashToken(token);
  const id = await freeId(sql, tokenHash);
  const { role, groups, expiresAtMs, maxUses } = terms;
  await sql.run(
    `INSERT INTO invites (id, token_hash, role, groups, created_at, expires_at, max_uses)
      VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [
      id,
      tokenHash,
      role,
      JSON.stringify(groups),
      toIsoTime(Date.now()),
      expiresAtMs === null ? null : toIsoTime(expiresAtMs),
      maxUses,
    ],
  );
  return id;
}

async function freeId(sql: Sql, tokenHash: string): Promise<string> {
  for (let chars = ID_CHARS; chars < tokenHash.length; chars += 1) {
    const id = tokenHash.slice(0, chars);
    const [isTaken] = await sql.column<number>('SELECT 1 FROM invites WHERE id = ?', [id]);
    if (isTaken === undefined) return id;
  }
  return tokenHash;
}
