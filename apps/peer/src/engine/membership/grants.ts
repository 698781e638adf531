import type { VerifiedGrant } from '#identity';
import type { Digest, Identity } from '#protocol';
import type { Membership } from './membership.js';

/** What the tracker has said of who may have the content of a digest. */
type Rule = 'everybody' | 'granted';

/** Who may have what: the rights that others show, and those that we show ourselves. As long as nobody
 *  has said that every member may have a digest, a grant is asked for. */
export class Grants {
  private readonly rules = new Map<Digest, Rule>();
  private readonly own = new Map<Digest, string>();

  constructor(private readonly membership: Membership) {}

  /** What the tracker said as the digest was registered. */
  registered(digest: Digest, { restricted }: { restricted: boolean }): void {
    this.rules.set(digest, restricted ? 'granted' : 'everybody');
  }

  /** What the home remembers, until the tracker says more. */
  remembered(digest: Digest, { restricted }: { restricted: boolean }): void {
    if (!this.rules.has(digest) || !restricted) this.registered(digest, { restricted });
  }

  /** What the tracker said as we asked for locations: our own right, where one is needed. */
  located(digest: Digest, grant: string | undefined): void {
    this.registered(digest, { restricted: grant !== undefined });
    if (grant === undefined) this.own.delete(digest);
    else this.own.set(digest, grant);
  }

  /** Somebody has given us some of it without asking for a grant. */
  wasGiven(digest: Digest): void {
    if (!this.rules.has(digest)) this.registered(digest, { restricted: false });
  }

  /** Somebody asks for a grant that we have not got: the tracker will give it, or not. Returns false when
   *  it has said that there is no need of one. */
  isMissed(digest: Digest): boolean {
    return this.rules.get(digest) !== 'everybody' && !this.own.has(digest);
  }

  /** What we show; undefined when there is nothing to show. */
  shown(digest: Digest): string | undefined {
    return this.own.get(digest);
  }

  /** For the library: what is to be remembered of it. */
  memoryOf(digest: Digest): { restricted?: true } {
    return this.rules.get(digest) === 'granted' ? { restricted: true } : {};
  }

  /** Whether others have to show a grant. */
  demands(digest: Digest): boolean {
    return this.rules.get(digest) !== 'everybody';
  }

  forget(digest: Digest): void {
    this.rules.delete(digest);
    this.own.delete(digest);
  }

  /** Rejects with ProtocolError NOT_ALLOWED. */
  verify(text: string, holder: Identity, digest: Digest): Promise<VerifiedGrant> {
    return this.membership.verifyGrant(text, holder, digest);
  }

  /** Whether its time is over, although there was a tracker to renew it. */
  isOver(grant: VerifiedGrant): boolean {
    return this.membership.isExpired(grant);
  }
}
