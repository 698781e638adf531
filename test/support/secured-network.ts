import { once } from 'node:events';
import { connect } from 'node:tls';
import { issueCredential, issueGrant, issuerKeyOf } from '#identity';
import type { Digest, Endpoint, Identity, MembershipNews } from '#protocol';
import type { PinnedAccess } from '../../apps/peer/src/engine/membership/network-access.js';
import { RawPeer } from './raw-peer.js';
import { RawTracker, rawReply, type RawRequest } from './raw-tracker.js';
import { newTlsIdentity, type NamedTlsIdentity } from './tls-identity.js';

/** Short, so that peers hear from the tracker often. */
const LEASE_MS = 300;

/** A network for members only, with a tracker by hand that takes everybody for one and says of them
 *  what a test makes it say. */
export class SecuredNetwork implements AsyncDisposable {
  /** What each join and heartbeat is answered with, besides. */
  news: (member: Identity, pattern: 'join' | 'heartbeat') => Promise<MembershipNews>;
  /** What it says of every file that it is asked for; undefined: it knows of none. */
  locate: ((asker: Identity) => Promise<object>) | undefined;
  /** What it says of every file that is registered. */
  restriction: { readonly restricted?: true } = {};
  private tracker: RawTracker | undefined;
  private endpoint: Endpoint | undefined;

  private constructor(readonly self: NamedTlsIdentity) {
    this.news = async (member, pattern) =>
      pattern === 'join' ? { credential: await this.credentialOf(member) } : {};
  }

  static async open(): Promise<SecuredNetwork> {
    const network = new SecuredNetwork(await newTlsIdentity());
    await network.comeBack();
    return network;
  }

  get access(): PinnedAccess {
    const { identity: fingerprint } = this.self;
    return { mode: 'pinned', trackers: [this.endpoint!], fingerprint, offlineGraceMs: 3_600_000 };
  }

  /** A membership, as its tracker would sign it. */
  credentialOf(
    identity: Identity,
    times: { nowMs?: number; lifetimeMs?: number } = {},
  ): Promise<string> {
    const membership = { identity, role: 'publisher', groups: [] } as const;
    return issueCredential(issuerKeyOf(this.self.keyPem), membership, {
      nowMs: Date.now(),
      ...times,
    });
  }

  /** The right of a member to a digest, as its tracker would sign it. */
  grantOf(
    identity: Identity,
    digest: Digest,
    times: { nowMs?: number; lifetimeMs?: number } = {},
  ): Promise<string> {
    const issuer = issuerKeyOf(this.self.keyPem);
    const valid = { nowMs: Date.now(), lifetimeMs: 600_000, ...times };
    return issueGrant(issuer, { identity, digest }, valid);
  }

  /** The tracker goes away; peers may find it again. */
  async goAway(): Promise<void> {
    await this.tracker?.[Symbol.asyncDispose]();
    this.tracker = undefined;
  }

  async comeBack(): Promise<void> {
    const answer = (request: RawRequest) => void this.answer(request);
    this.tracker = await RawTracker.listenPinned(this.self, answer, this.endpoint?.port);
    this.endpoint = this.tracker.endpoint;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goAway();
  }

  private async located(asker: Identity): Promise<object> {
    if (this.locate === undefined) return { ok: false, code: 'FILE_NOT_FOUND', message: 'no' };
    return { ok: true, ...(await this.locate(asker)) };
  }

  private async answer({ id, pattern, data, socket, identity }: RawRequest): Promise<void> {
    const joined = { apiVersion: 1, features: [], bootId: 'one', leaseMs: LEASE_MS };
    const files = (data as { files?: unknown[] }).files ?? [];
    const response =
      pattern === 'join' || pattern === 'heartbeat'
        ? { ...joined, observedHost: '127.0.0.1', ...(await this.news(identity!, pattern)) }
        : pattern === 'locations'
          ? { files: await Promise.all(files.map(() => this.located(identity!))) }
          : { results: files.map(() => ({ ok: true, ...this.restriction })) };
    socket.write(rawReply(id, { response }));
  }
}

/** Who speaks the peer wire by hand, over a connection on which it has proven to be `who`; it believes
 *  whoever answers. */
export async function dialAs(
  who: NamedTlsIdentity,
  endpoint: Endpoint,
  peerId: string = `${who.identity}-aaaa`,
): Promise<RawPeer> {
  const socket = connect({
    ...endpoint,
    key: who.keyPem,
    cert: who.certificatePem,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['shoal/1'],
  });
  await once(socket, 'secureConnect');
  return new RawPeer(socket, peerId);
}
