import type { GroupName, Role } from '#protocol';
import type { Sql } from '../store/sql.js';

/** An invite as it is kept. Times are ISO 8601, UTC. */
export interface InviteRow {
  readonly id: string;
  readonly tokenHash: string;
  readonly role: Role;
  /** JSON of GroupName[]. */
  readonly groups: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly maxUses: number | null;
  readonly usedCount: number;
  readonly revokedAt: string | null;
}

/** A member with what its standing depends on. */
export interface MemberRow {
  readonly identity: string;
  readonly inviteId: string;
  readonly hostname: string;
  readonly role: Role;
  /** JSON of GroupName[]. */
  readonly groups: string;
  readonly joinedAt: string;
  /** When an operator gave it other groups than its invite did. */
  readonly groupsSetAt: string | null;
  readonly revokedAt: string | null;
  readonly inviteRevokedAt: string | null;
  readonly inviteExpiresAt: string | null;
}

export const INVITE_COLUMNS = `id, token_hash AS tokenHash, role, groups, created_at AS createdAt,
  expires_at AS expiresAt, max_uses AS maxUses, used_count AS usedCount, revoked_at AS revokedAt`;

export const MEMBERS = `SELECT m.identity, m.invite_id AS inviteId, m.hostname, m.role, m.groups,
    m.joined_at AS joinedAt, m.groups_set_at AS groupsSetAt, m.revoked_at AS revokedAt,
    i.revoked_at AS inviteRevokedAt, i.expires_at AS inviteExpiresAt
  FROM members m JOIN invites i ON i.id = m.invite_id`;

export function findMember(sql: Sql, identity: string): Promise<MemberRow | undefined> {
  return sql.first<MemberRow>(`${MEMBERS} WHERE m.identity = ?`, [identity]);
}

export function findInvite(sql: Sql, tokenHash: string): Promise<InviteRow | undefined> {
  return sql.first<InviteRow>(`SELECT ${INVITE_COLUMNS} FROM invites WHERE token_hash = ?`, [
    tokenHash,
  ]);
}

export function parseGroups(json: string): readonly GroupName[] {
  return JSON.parse(json) as GroupName[];
}

/** When a member was revoked, itself or with its invite. */
export function revocationOf(member: MemberRow): string | null {
  return member.revokedAt ?? member.inviteRevokedAt;
}
