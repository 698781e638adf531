import { Inject, Injectable } from '@nestjs/common';
import {
  parseInviteToken,
  TrackerError,
  type EnrolReply,
  type EnrolRequest,
  type Identity,
  type InviteToken,
} from '#protocol';
import { hashToken, isTokenOf, type TokenHash } from '#identity';
import { toIsoTime, type Sql, type WriteSql } from '../store/sql.js';
import { READER, WRITE_QUEUE } from '../store/store.tokens.js';
import type { WriteQueue } from '../store/write-queue.js';
import { Members } from './members.service.js';
import {
  findInvite,
  findMember,
  parseGroups,
  revocationOf,
  type InviteRow,
  type MemberRow,
} from './membership-rows.js';

/** Makes members of those who show the token of an invite. */
@Injectable()
export class Enrolment {
  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(WRITE_QUEUE) private readonly writes: WriteQueue,
    @Inject(Members) private readonly members: Members,
  ) {}

  /** Throws INVITE_UNKNOWN, INVITE_EXPIRED, INVITE_USED_UP or MEMBER_REVOKED. */
  async enrol(request: EnrolRequest, identity: Identity): Promise<EnrolReply> {
    const token = readToken(request.token);
    // Strangers who guess do not reach the writer.
    await inviteOf(this.reader, token);
    return this.writes.submit(async (sql) => {
      const invite = await inviteOf(sql, token);
      const known = await findMember(sql, identity);
      refuseRevoked(invite, known);
      const nowIso = toIsoTime(Date.now());
      if (invite.expiresAt !== null && invite.expiresAt <= nowIso) {
        throw new TrackerError('INVITE_EXPIRED', 'the time of this invite is over');
      }
      if (known?.inviteId === invite.id && known.revokedAt === null) return toReply(known);
      const groups = groupsFrom(invite, known);
      const who = { identity, hostname: request.hostname, groups, nowIso };
      await this.admit(sql, invite, who);
      return toReply({ role: invite.role, groups });
    });
  }

  private async admit(
    sql: WriteSql,
    invite: InviteRow,
    who: { identity: Identity; hostname: string; groups: string; nowIso: string },
  ): Promise<void> {
    if (invite.maxUses !== null && invite.usedCount >= invite.maxUses) {
      const message = `this invite was for ${invite.maxUses}, and they have joined`;
      throw new TrackerError('INVITE_USED_UP', message);
    }
    await sql.run('UPDATE invites SET used_count = used_count + 1 WHERE id = ?', [invite.id]);
    await sql.run(
      `INSERT INTO members (identity, invite_id, hostname, role, groups, joined_at)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (identity) DO UPDATE SET invite_id = excluded.invite_id,
          hostname = excluded.hostname, role = excluded.role, groups = excluded.groups,
          joined_at = excluded.joined_at, revoked_at = NULL`,
      [who.identity, invite.id, who.hostname, invite.role, who.groups, who.nowIso],
    );
    sql.afterCommit(() => this.members.changed(who.identity));
  }
}

function readToken(text: string): InviteToken {
  try {
    return parseInviteToken(text);
  } catch {
    throw inviteUnknown();
  }
}

async function inviteOf(sql: Sql, token: InviteToken): Promise<InviteRow> {
  const invite = await findInvite(sql, hashToken(token));
  if (invite === undefined || !isTokenOf(token, invite.tokenHash as TokenHash)) {
    throw inviteUnknown();
  }
  return invite;
}

/** Who was revoked comes back only by an invite that was made after that. */
function refuseRevoked(invite: InviteRow, known: MemberRow | undefined): void {
  const revokedAt = known === undefined ? null : revocationOf(known);
  if (revokedAt !== null && invite.createdAt <= revokedAt) {
    throw new TrackerError('MEMBER_REVOKED', 'the membership of this identity was revoked');
  }
  if (invite.revokedAt !== null) throw inviteUnknown();
}

/** What an operator has set since the invite was made is not undone by it. */
function groupsFrom(invite: InviteRow, known: MemberRow | undefined): string {
  const setAt = known?.groupsSetAt ?? null;
  return known !== undefined && setAt !== null && invite.createdAt <= setAt
    ? known.groups
    : invite.groups;
}

function toReply({ role, groups }: Pick<MemberRow, 'role' | 'groups'>): EnrolReply {
  return { role, groups: parseGroups(groups) };
}

function inviteUnknown(): TrackerError {
  return new TrackerError('INVITE_UNKNOWN', 'no invite of this network has this token');
}
