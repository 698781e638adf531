import { setMaxListeners } from 'node:events';
import { ProtocolError, type Digest, type Endpoint, type PeerId, type WireCode } from '#protocol';
import type { BanLedger } from '../../core/ban-ledger.js';
import { dialPeer } from '../../net/dialer.js';
import type { HelloSelf } from '../../net/handshake.js';
import type { Secured } from '../../net/member-proof.js';
import type { ConnectionHandler, PeerConnection } from '../../net/peer-connection.js';
import type { Grants } from '../membership/grants.js';
import type { Membership } from '../membership/membership.js';
import { Acquaintances } from './acquaintances.js';
import {
  IDLE_LINK_MS,
  MAX_CONNECTION_COUNT,
  MAX_CONNECTIONS_OF_IDENTITY,
  MAX_DIALS_AT_ONCE,
  MAX_SCARCE_STALL_MS,
} from '../peer-config.js';
import { GrantGate, type GateHost } from './grant-gate.js';
import { PeerLink, type LinkHost } from './peer-link.js';
import type { Transfer } from '../transfer/transfer.js';

/** A connection that held for this long is no failure when it breaks. */
const STEADY_LINK_MS = 10_000;

export interface PoolHost extends Pick<
  LinkHost,
  'buffers' | 'transferOf' | 'createUploader' | 'bytesReceived'
> {
  readonly self: HelloSelf;
  readonly bans: BanLedger;
  /** Members only; undefined in the open. */
  readonly secured?: Secured | undefined;
  readonly membership?: Membership | undefined;
  readonly grants?: Grants | undefined;
  /** A peer could not be reached, or its connection broke. */
  connectionFailed(peerId: PeerId, error: Error): void;
}

/** All connections of this process: at most one for each other process. Owns them. */
export class ConnectionPool implements LinkHost {
  private readonly links = new Map<PeerId, PeerLink>();
  /** Those of the links, and those that are still closing. */
  private readonly connections = new Set<PeerConnection>();
  private readonly acquaintances = new Acquaintances();
  private readonly stopping = new AbortController();
  private dialCount = 0;

  constructor(private readonly host: PoolHost) {
    setMaxListeners(MAX_DIALS_AT_ONCE, this.stopping.signal);
  }

  get buffers() {
    return this.host.buffers;
  }

  transferOf(digest: Digest): Transfer | undefined {
    return this.host.transferOf(digest);
  }

  createUploader(link: PeerLink) {
    return this.host.createUploader(link);
  }

  createGate({ connection }: PeerLink, host: GateHost): GrantGate | undefined {
    const { grants } = this.host;
    const { proof } = connection;
    if (grants === undefined || proof === undefined) return undefined;
    return new GrantGate(proof.identity, grants, host);
  }

  bytesReceived(peerId: PeerId, bytes: number): void {
    this.host.bytesReceived(peerId, bytes);
  }

  /** Connects to a peer for the sake of a transfer, or uses the connection that is there. */
  want(transfer: Transfer, location: { peerId: PeerId; endpoints: readonly Endpoint[] }): void {
    const { peerId, endpoints } = location;
    const nowMs = performance.now();
    if (peerId === this.host.self.peerId || this.host.bans.isBanned({ peerId, nowMs })) return;
    if (this.acquaintances.isRefused(peerId, transfer, nowMs)) return;
    const link = this.links.get(peerId);
    if (link !== undefined) {
      link.openFile(transfer);
      return;
    }
    const acquaintance = this.acquaintances.of(peerId);
    if (nowMs < acquaintance.notBeforeMs) return;
    acquaintance.wanted.add(transfer);
    if (acquaintance.isDialling || endpoints.length === 0) return;
    if (this.dialCount >= MAX_DIALS_AT_ONCE || this.links.size >= MAX_CONNECTION_COUNT) return;
    void this.dial(peerId, endpoints);
  }

  /** Offers a transfer to peers that are connected already, and may take part. Returns to how many. */
  wantConnected(transfer: Transfer, maxCount: number): number {
    const nowMs = performance.now();
    let count = 0;
    for (const [peerId, link] of this.links) {
      if (count === maxCount) break;
      if (this.acquaintances.isRefused(peerId, transfer, nowMs)) continue;
      link.openFile(transfer);
      count += 1;
    }
    return count;
  }

  /** Whether there is no hope of a peer for now: the last attempt to reach it failed, or its
   *  connection broke and no other holds, or it has left the transfer. */
  isGone(peerId: PeerId, transfer: Transfer): boolean {
    if (transfer.remotes.has(peerId)) return false;
    if (this.acquaintances.hasRefused(peerId, transfer)) return true;
    if (this.links.has(peerId)) return false;
    return this.acquaintances.failedAttempts(peerId) > 0;
  }

  /** Decides about a connection whose other end has just said who it is. */
  admit(connection: PeerConnection): ConnectionHandler | WireCode {
    const { peerId } = connection;
    const nowMs = performance.now();
    if (this.stopping.signal.aborted) return 'SHUTTING_DOWN';
    if (this.host.bans.isBanned({ peerId, nowMs })) return 'BANNED';
    if (this.isOver(connection)) return 'NOT_AUTHORISED';
    const existing = this.links.get(peerId);
    if (existing === undefined && !this.hasRoomFor(connection)) return 'TOO_MANY_CONNECTIONS';
    if (existing !== undefined && !this.prefers(connection, existing.connection)) {
      // Its other end may know that it is dead: then it says so when it is spoken to.
      existing.connection.send({ type: 'keepalive' });
      return 'DUPLICATE_CONNECTION';
    }
    const acquaintance = this.acquaintances.of(peerId);
    const wanted = [...acquaintance.wanted, ...(existing?.transfers ?? [])];
    acquaintance.wanted.clear();
    existing?.abandon('DUPLICATE_CONNECTION');
    const link = new PeerLink(connection, this);
    this.links.set(peerId, link);
    this.connections.add(connection);
    const credential = this.host.membership?.credential;
    if (credential !== undefined) connection.showCredential(credential);
    for (const transfer of wanted) {
      // It may have ended while the peer was being dialled.
      if (this.transferOf(transfer.digest) === transfer) link.openFile(transfer);
    }
    return link;
  }

  linkRefused(link: PeerLink, transfer: Transfer): void {
    this.acquaintances.refused(link.peerId, transfer, performance.now());
  }

  linkClosed(link: PeerLink, error: Error | undefined): void {
    const { peerId } = link;
    this.connections.delete(link.connection);
    if (this.links.get(peerId) !== link) return;
    this.links.delete(peerId);
    const isDuplicate = error instanceof ProtocolError && error.code === 'DUPLICATE_CONNECTION';
    const isFailure = error !== undefined && !isDuplicate;
    const nowMs = performance.now();
    if (!isFailure || nowMs - link.openedMs >= STEADY_LINK_MS) {
      this.acquaintances.of(peerId).failedAttempts = 0;
    }
    if (!isFailure) return;
    this.acquaintances.failed(peerId, nowMs);
    this.host.connectionFailed(peerId, error);
  }

  /** Shows our renewed membership to all that are connected. */
  showCredential(credential: string): void {
    for (const { connection } of this.links.values()) connection.showCredential(credential);
  }

  /** Closes connections that carry no file or have lost their right, and forgets peers that nobody
   *  wants. */
  sweep(): void {
    const nowMs = performance.now();
    for (const link of this.links.values()) {
      if (this.isOver(link.connection)) {
        link.abandon('NOT_AUTHORISED');
        continue;
      }
      if (link.idleSinceMs === undefined || nowMs - link.idleSinceMs < IDLE_LINK_MS) continue;
      void link.connection.close('IDLE');
    }
    this.acquaintances.forget(nowMs, (peerId) => this.links.has(peerId));
  }

  /** Others wait for memory that ends which do not read have taken. */
  leaveStalled(): void {
    for (const { connection } of this.links.values())
      connection.leaveIfStalled(MAX_SCARCE_STALL_MS);
  }

  /** Says goodbye to all that are banned. */
  leaveBanned(): void {
    const nowMs = performance.now();
    for (const link of this.links.values()) {
      const { peerId } = link;
      if (this.host.bans.isBanned({ peerId, nowMs })) link.abandon('BANNED');
    }
  }

  /** Resolves when no connection is left. */
  async close(): Promise<void> {
    this.stopping.abort(new Error('the process is stopping'));
    const connections = [...this.connections];
    await Promise.all(connections.map((connection) => connection.close('SHUTTING_DOWN')));
  }

  private async dial(peerId: PeerId, endpoints: readonly Endpoint[]): Promise<void> {
    const { self, secured } = this.host;
    const { signal } = this.stopping;
    const acquaintance = this.acquaintances.of(peerId);
    const admit = (connection: PeerConnection) => this.admit(connection);
    acquaintance.isDialling = true;
    this.dialCount += 1;
    try {
      const options = { self, secured, expectedPeerId: peerId, admit };
      await dialPeer(endpoints, options, { signal });
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.acquaintances.failed(peerId, performance.now());
      this.host.connectionFailed(peerId, error as Error);
    } finally {
      acquaintance.isDialling = false;
      this.dialCount -= 1;
    }
  }

  /** Whoever has proven an identity may say any peer id of it: all of them share its room. */
  private hasRoomFor({ proof }: PeerConnection): boolean {
    if (this.links.size >= MAX_CONNECTION_COUNT) return false;
    if (proof === undefined) return true;
    let count = 0;
    for (const { connection } of this.links.values()) {
      if (connection.proof?.identity === proof.identity) count += 1;
    }
    return count < MAX_CONNECTIONS_OF_IDENTITY;
  }

  private isOver({ proof }: PeerConnection): boolean {
    const { membership } = this.host;
    if (membership === undefined || proof?.credential === undefined) return false;
    return membership.isOver(proof.credential);
  }

  /** When both dialled at once, both ends keep the connection that the smaller peer id dialled; a
   *  second one from the same side replaces the first, which its dialler has given up. */
  private prefers(fresh: PeerConnection, existing: PeerConnection): boolean {
    if (!existing.isOpen || fresh.direction === existing.direction) return true;
    const isSelfSmaller = this.host.self.peerId < fresh.peerId;
    return (fresh.direction === 'dialled') === isSelfSmaller;
  }
}
