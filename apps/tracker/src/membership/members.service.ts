import { Inject, Injectable } from '@nestjs/common';
import { MAX_REVOKED_PER_MESSAGE, TrackerError, type Identity } from '#protocol';
import { CREDENTIAL_LIFETIME_MS } from '#identity';
import type { Asker } from '../rpc/asker.js';
import type { OutsideCommits } from '../store/outside-commits.js';
import { ReadCache } from '../store/read-cache.js';
import { toIsoTime, type Sql } from '../store/sql.js';
import { OUTSIDE_COMMITS, READER } from '../store/store.tokens.js';
import { findMember, parseGroups, revocationOf, type MemberRow } from './membership-rows.js';

/** A member as requests need it, or that there is none. */
type Standing = (Asker & { readonly member: MemberRow }) | 'stranger';

const MAX_KEPT_COUNT = 32_768;
/** Beyond changes of the database, invites end by themselves. */
const REVOKED_KEPT_MS = 1_000;

/** Who is a member now. Keeps those that asked lately; what another process has committed counts from
 *  the next request on. */
@Injectable()
export class Members {
  private readonly standings = new ReadCache<string, Standing>({
    maxWeight: MAX_KEPT_COUNT,
    weightOf: () => 1,
  });
  private revoked: { readonly identities: readonly string[]; readonly untilMs: number } | undefined;

  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(OUTSIDE_COMMITS) private readonly outside: OutsideCommits,
  ) {
    outside.whenNoticed(() => {
      this.standings.clear();
      this.revoked = undefined;
    });
  }

  /** Throws, or rejects with, NOT_A_MEMBER, MEMBER_REVOKED or MEMBER_EXPIRED. */
  check(identity: Identity): Asker | Promise<Asker> {
    this.outside.check();
    const kept = this.standings.get(identity);
    return kept === undefined
      ? this.read(identity).then((standing) => inGoodStanding(standing))
      : inGoodStanding(kept);
  }

  /** Something about a member was changed by us, and that is committed. */
  changed(identity: string): void {
    this.standings.delete(identity);
    this.revoked = undefined;
  }

  /** Whose membership ended within the lifetime of a credential: the latest of them first. */
  async recentlyRevoked(nowMs: number): Promise<readonly string[]> {
    if (this.revoked === undefined || nowMs >= this.revoked.untilMs) {
      const identities = await this.readRevoked(nowMs);
      this.revoked = { identities, untilMs: nowMs + REVOKED_KEPT_MS };
    }
    return this.revoked.identities;
  }

  private async read(identity: Identity): Promise<Standing> {
    const [found] = await this.standings.fill(async () => {
      return [[identity, toStanding(await findMember(this.reader, identity))]];
    });
    return found![1];
  }

  private readRevoked(nowMs: number): Promise<string[]> {
    const now = toIsoTime(nowMs);
    const since = toIsoTime(nowMs - CREDENTIAL_LIFETIME_MS);
    return this.reader.column<string>(
      `SELECT identity FROM (
          SELECT identity, revoked_at AS ended_at FROM members WHERE revoked_at > ?
          UNION ALL
          SELECT m.identity, COALESCE(i.revoked_at, i.expires_at)
            FROM invites i JOIN members m ON m.invite_id = i.id
            WHERE i.revoked_at > ? OR (i.expires_at > ? AND i.expires_at <= ?))
        GROUP BY identity ORDER BY MAX(ended_at) DESC LIMIT ?`,
      [since, since, since, now, MAX_REVOKED_PER_MESSAGE],
    );
  }
}

function toStanding(member: MemberRow | undefined): Standing {
  if (member === undefined) return 'stranger';
  const groups = parseGroups(member.groups);
  const { role } = member;
  return { identity: member.identity as Identity, standing: 'member', role, groups, member };
}

function inGoodStanding(standing: Standing): Asker {
  if (standing === 'stranger') {
    throw new TrackerError('NOT_A_MEMBER', 'this identity is no member of the network');
  }
  const { member } = standing;
  if (revocationOf(member) !== null) {
    throw new TrackerError('MEMBER_REVOKED', 'the membership of this identity was revoked');
  }
  if (member.inviteExpiresAt !== null && member.inviteExpiresAt <= toIsoTime(Date.now())) {
    throw new TrackerError('MEMBER_EXPIRED', 'the invite that this identity joined with is over');
  }
  return standing;
}
