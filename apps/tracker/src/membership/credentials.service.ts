import { Inject, Injectable } from '@nestjs/common';
import { CREDENTIAL_LIFETIME_MS, issueCredential, type Membership } from '#identity';
import type { MembershipNews } from '#protocol';
import type { Asker } from '../rpc/asker.js';
import { RecentMap } from '../store/recent-map.js';
import { Members } from './members.service.js';
import { TRACKER_KEY } from './membership.tokens.js';
import type { TrackerKey } from './tracker-key.js';

interface Credential {
  readonly text: string;
  readonly issuedAtMs: number;
  /** Role and groups: when they change, it is signed anew. */
  readonly says: string;
}

/** What a process was given last, and in how many replies: one of them may have been lost. */
interface Gift {
  readonly credential: Credential;
  count: number;
}

const RENEWAL_AFTER_MS = CREDENTIAL_LIFETIME_MS / 2;
const REPLIES_PER_CREDENTIAL = 2;
const MAX_KEPT_COUNT = 32_768;

/** Signs what members show each other. One signature (0.5 ms) serves all processes of an identity for
 *  half of its time. */
@Injectable()
export class Credentials {
  private readonly signed = new RecentMap<string, Promise<Credential>>(MAX_KEPT_COUNT);
  private readonly gifts = new RecentMap<string, Gift>(MAX_KEPT_COUNT);

  constructor(
    @Inject(TRACKER_KEY) private readonly key: TrackerKey | undefined,
    @Inject(Members) private readonly members: Members,
  ) {}

  /** For one process, as it joins or with a heartbeat. Nothing in a network without members. */
  async newsFor(
    { identity, role, groups }: Asker,
    peerId: string,
    when: 'join' | 'heartbeat',
  ): Promise<MembershipNews> {
    const { key } = this;
    if (key === undefined || identity === undefined) return {};
    const nowMs = Date.now();
    const credential = await this.current(key, { identity, role, groups }, nowMs);
    const revoked = await this.members.recentlyRevoked(nowMs);
    return {
      timeMs: nowMs,
      ...(this.isDue(peerId, credential, when) ? { credential: credential.text } : {}),
      ...(revoked.length === 0 ? {} : { revoked }),
    };
  }

  private async current(
    key: TrackerKey,
    membership: Membership,
    nowMs: number,
  ): Promise<Credential> {
    const { identity, role, groups } = membership;
    const says = JSON.stringify([role, groups]);
    const kept = await this.signed.get(identity);
    const ageMs = nowMs - (kept?.issuedAtMs ?? -Infinity);
    // A clock that was set back makes the age negative.
    if (kept?.says === says && ageMs >= 0 && ageMs < RENEWAL_AFTER_MS) return kept;
    const signing = issueCredential(key.issuer, { identity, role, groups }, { nowMs }).then(
      (text): Credential => ({ text, issuedAtMs: nowMs, says }),
    );
    this.signed.set(identity, signing);
    return signing;
  }

  private isDue(peerId: string, credential: Credential, when: 'join' | 'heartbeat'): boolean {
    const given = this.gifts.get(peerId);
    if (when === 'join' || given?.credential !== credential) {
      this.gifts.set(peerId, { credential, count: 1 });
      return true;
    }
    given.count += 1;
    return given.count <= REPLIES_PER_CREDENTIAL;
  }
}
