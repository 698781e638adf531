import { hashToken, isTokenOf, newInviteToken, type TokenHash } from '#identity';
import { parseInviteToken, type InviteToken } from '#protocol';
import { toIsoTime, type Sql } from '../store/sql.js';

/** So that it cannot be taken for the id of an invite. */
const ID_PREFIX = 'adm-';
const ID_CHARS = 6;
/** Every request is compared with all of them. */
export const MAX_VALID_TOKEN_COUNT = 100;

/** Never holds the token itself: nobody has it but who it was given to. */
export interface AdminToken {
  readonly id: string;
  readonly label: string;
  readonly createdAt: string;
  /** Null: never. */
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

export class TooManyTokensError extends Error {}

const VALID = 'revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)';
const COLUMNS = `id, label, created_at AS createdAt, expires_at AS expiresAt,
  revoked_at AS revokedAt`;

/** The tokens of the operators' side. Is told the time. */
export class AdminTokens {
  constructor(private readonly sql: Sql) {}

  /** The only time that the token is there to be seen. Throws TooManyTokensError. */
  async create(
    wanted: { label: string; expiresAtMs: number | undefined },
    nowMs: number,
  ): Promise<{ readonly token: InviteToken; readonly kept: AdminToken }> {
    if ((await this.validCount(nowMs)) >= MAX_VALID_TOKEN_COUNT) {
      const message = `there are ${MAX_VALID_TOKEN_COUNT} valid tokens: revoke one first`;
      throw new TooManyTokensError(message);
    }
    const token = newInviteToken();
    const { label, expiresAtMs } = wanted;
    const kept: AdminToken = {
      id: `${ID_PREFIX}${newInviteToken().slice(0, ID_CHARS)}`,
      label,
      createdAt: toIsoTime(nowMs),
      expiresAt: expiresAtMs === undefined ? null : toIsoTime(expiresAtMs),
      revokedAt: null,
    };
    await this.sql.run(
      `INSERT INTO admin_tokens (id, token_hash, label, created_at, expires_at)
       VALUES (?, ?, ?, ?, ?)`,
      [kept.id, hashToken(token), label, kept.createdAt, kept.expiresAt],
    );
    return { token, kept };
  }

  /** All that ever were, the oldest first. */
  list(): Promise<AdminToken[]> {
    return this.sql.all<AdminToken>(`SELECT ${COLUMNS} FROM admin_tokens ORDER BY created_at, id`);
  }

  /** Undefined when there is no such id; revoking twice keeps the first time. */
  async revoke(id: string, nowMs: number): Promise<AdminToken | undefined> {
    await this.sql.run(
      'UPDATE admin_tokens SET revoked_at = COALESCE(revoked_at, ?) WHERE id = ?',
      [toIsoTime(nowMs), id],
    );
    return this.sql.first<AdminToken>(`SELECT ${COLUMNS} FROM admin_tokens WHERE id = ?`, [id]);
  }

  async validCount(nowMs: number): Promise<number> {
    const [count] = await this.sql.column<number>(
      `SELECT COUNT(*) FROM admin_tokens WHERE ${VALID}`,
      [toIsoTime(nowMs)],
    );
    return count!;
  }

  /** Looks at all of them, so that it takes as long for one that is right. */
  async isValid(text: string, nowMs: number): Promise<boolean> {
    const token = parseToken(text);
    if (token === undefined) return false;
    const hashes = await this.sql.column<TokenHash>(
      `SELECT token_hash FROM admin_tokens WHERE ${VALID}`,
      [toIsoTime(nowMs)],
    );
    return hashes.filter((stored) => isTokenOf(token, stored)).length > 0;
  }
}

function parseToken(text: string): InviteToken | undefined {
  try {
    return parseInviteToken(text);
  } catch {
    return undefined;
  }
}
