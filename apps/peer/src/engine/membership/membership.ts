import {
  CLOCK_SKEW_MS,
  CredentialError,
  formatNetworkKey,
  networkKeyOf,
  parseNetworkKey,
  verifyCredential,
  verifyGrant,
  type NetworkKey,
  type ProvenSocket,
  type TokenCheck,
  type VerifiedCredential,
  type VerifiedGrant,
} from '#identity';
import { ProtocolError, type Digest, type Identity, type MembershipNews } from '#protocol';
import type { CredentialsFile } from '../../disk/credentials-file.js';
import type { MemberCheck } from '../../net/member-proof.js';
import { Changes } from '../changes.js';
import type { PinnedAccess } from './network-access.js';
import { NetworkTime, SYSTEM_CLOCKS, type Clocks } from './network-time.js';
import { Revocations } from './revocations.js';
import { TrackerContact } from './tracker-contact.js';

export interface MembershipOptions {
  readonly identity: Identity;
  readonly network: Pick<PinnedAccess, 'fingerprint' | 'offlineGraceMs'>;
  readonly file: CredentialsFile;
  readonly clocks?: Clocks;
}

/** Both are told at once, in the turn in which the news come. */
export interface MembershipListener {
  /** Our membership has been signed anew: whoever is connected is to be shown it. */
  renewed(credential: string): void;
  /** Whether others can connect here, when that is known or has changed. */
  reachable(isReachable: boolean): void;
  /** Connections may have lost their right: see {@link Membership.isOver}. */
  revoked(): void;
}

/** Who is a member, as far as this process knows: itself by what the tracker last signed, others by
 *  what they show. Needs no tracker for it. */
export class Membership implements MemberCheck {
  private listener: MembershipListener | undefined;
  private own: string | undefined;
  private key: NetworkKey | undefined;
  private readonly time: NetworkTime;
  private readonly contact: TrackerContact;
  private readonly revocations: Revocations;
  private readonly changes = new Changes();
  private isReachable: boolean | undefined;
  private keeping: Promise<void> = Promise.resolve();

  private constructor(
    private readonly options: MembershipOptions,
    private readonly clocks: Clocks,
    kept: { key: NetworkKey; text: string; credential: VerifiedCredential } | undefined,
  ) {
    this.time = new NetworkTime(clocks);
    this.key = kept?.key;
    this.own = kept?.text;
    // It was signed when a process of this home last heard the tracker, or not long before.
    const heardMs = kept?.credential.issuedAtMs ?? Infinity;
    const silentMs = Math.max(0, clocks.wallMs() - heardMs);
    this.contact = new TrackerContact(clocks, { silentMs });
    this.revocations = new Revocations(options.network.offlineGraceMs);
  }

  /** With what this home kept of the network: until a tracker is heard that is what it goes by. */
  static async open(options: MembershipOptions): Promise<Membership> {
    const clocks = options.clocks ?? SYSTEM_CLOCKS;
    return new Membership(options, clocks, await readKept(options, clocks));
  }

  /** One at a time. */
  listen(listener: MembershipListener): void {
    this.listener = listener;
  }

  /** The tracker has proven who it is: this is the key that it signs with. */
  trackerProven({ publicKey }: ProvenSocket): void {
    this.key = networkKeyOf(publicKey);
    this.changes.tell();
  }

  /** The tracker has answered; `news` is what it said of us and of others. */
  heard(news: MembershipNews): void {
    this.contact.answered();
    if (news.timeMs !== undefined) this.time.heard(news.timeMs);
    if (news.credential !== undefined && news.credential !== this.own) {
      this.own = news.credential;
      this.keep();
      this.changes.tell();
      this.listener?.renewed(news.credential);
    }
    const { reachable } = news;
    if (typeof reachable === 'boolean' && reachable !== this.isReachable) {
      this.isReachable = reachable;
      this.listener?.reachable(reachable);
    }
    if (news.revoked !== undefined) {
      this.revocations.heard(news.revoked, this.time.nowMs);
      this.listener?.revoked();
    }
  }

  /** No tracker can be reached. */
  lost(): void {
    this.contact.lost();
  }

  /** What others are shown, if there is something. */
  get credential(): string | undefined {
    return this.own;
  }

  async ownCredential({ signal }: { signal: AbortSignal }): Promise<string> {
    await this.changes.until(() => this.own !== undefined, { signal });
    return this.own!;
  }

  async verify(
    text: string,
    holder: Identity,
    { signal }: { signal: AbortSignal },
  ): Promise<VerifiedCredential> {
    await this.changes.until(() => this.key !== undefined, { signal });
    let credential: VerifiedCredential;
    try {
      credential = await verifyCredential(text, this.check(holder));
    } catch (cause) {
      if (!(cause instanceof CredentialError)) throw cause;
      throw new ProtocolError('NOT_AUTHORISED', { reason: cause.code }, { cause });
    }
    if (this.revocations.include(credential)) {
      throw new ProtocolError('NOT_AUTHORISED', { reason: 'revoked' });
    }
    return credential;
  }

  /** Whether a connection has lost its right: its other end was revoked, or did not renew its
   *  membership although there was a tracker to do so with. Without one it stays. */
  isOver(credential: VerifiedCredential): boolean {
    if (this.revocations.include(credential)) return true;
    return this.isExpired(credential);
  }

  /** Whether what the tracker signed is over, although there was a tracker to sign it anew. */
  isExpired({ expiresAtMs }: { readonly expiresAtMs: number }): boolean {
    return this.time.nowMs > expiresAtMs + CLOCK_SKEW_MS && this.contact.isSteady;
  }

  /** The right of a member to a digest. Rejects with ProtocolError NOT_ALLOWED. */
  async verifyGrant(text: string, holder: Identity, digest: Digest): Promise<VerifiedGrant> {
    try {
      return await verifyGrant(text, { ...this.check(holder), digest });
    } catch (cause) {
      if (!(cause instanceof CredentialError)) throw cause;
      throw new ProtocolError('NOT_ALLOWED', { reason: cause.code }, { cause });
    }
  }

  /** Resolves when what is to be kept is on disk. */
  async close(): Promise<void> {
    await this.keeping;
  }

  /** To be called once the key is known. */
  private check(holder: Identity): TokenCheck {
    const offlineGraceMs = this.contact.isLongLost ? this.options.network.offlineGraceMs : 0;
    return { network: this.key!, holder, nowMs: this.time.nowMs, offlineGraceMs };
  }

  /** A home that cannot be written to does without, until the tracker is away. */
  private keep(): void {
    const { own: credential, key } = this;
    if (credential === undefined || key === undefined) return;
    const { file, network } = this.options;
    this.keeping = this.keeping
      .then(() => file.keep(network.fingerprint, { credential, key: formatNetworkKey(key) }))
      .catch(() => undefined);
  }
}

/** Undefined when there is nothing, or nothing that is what it should be. */
async function readKept(
  { file, identity, network: { fingerprint } }: MembershipOptions,
  clocks: Clocks,
): Promise<{ key: NetworkKey; text: string; credential: VerifiedCredential } | undefined> {
  const kept = await file.read(fingerprint);
  if (kept === undefined) return undefined;
  try {
    const key = parseNetworkKey(kept.key, fingerprint);
    // How old it is does not matter here: others judge that.
    const check = { network: key, holder: identity, nowMs: clocks.wallMs() };
    const anyAge = { ...check, offlineGraceMs: Infinity };
    const credential = await verifyCredential(kept.credential, anyAge);
    return { key, text: kept.credential, credential };
  } catch {
    return undefined;
  }
}
