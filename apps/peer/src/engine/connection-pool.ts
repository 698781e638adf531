import { ProtocolError, type Digest, type Endpoint, type PeerId, type WireCode } from '#protocol';
import { backoffMs } from '../core/backoff.js';
import type { BanLedger } from '../core/ban-ledger.js';
import { dialPeer } from '../net/dialer.js';
import type { HelloSelf } from '../net/handshake.js';
import type { ConnectionHandler, PeerConnection } from '../net/peer-connection.js';
import { IDLE_LINK_MS, MAX_CONNECTION_COUNT, MAX_DIALS_AT_ONCE } from './peer-config.js';
import { PeerLink, type LinkHost } from './peer-link.js';
import type { Transfer } from './transfer.js';

const DIAL_BASE_MS = 500;
const DIAL_MAX_MS = 60_000;
const REFUSAL_MS = 3_000;

interface Acquaintance {
  /** Transfers that want this peer once it is connected. */
  readonly wanted: Set<Transfer>;
  /** Transfers it would not take part in, and when to ask again. */
  readonly refusals: Map<Transfer, number>;
  failedAttempts: number;
  notBeforeMs: number;
  isDialling: boolean;
}

export interface PoolHost extends Pick<
  LinkHost,
  'buffers' | 'transferOf' | 'createUploader' | 'bytesReceived'
> {
  readonly self: HelloSelf;
  readonly bans: BanLedger;
  /** A connection ended because a rule was broken. */
  connectionFailed(peerId: PeerId, error: Error): void;
}

/** All connections of this process: at most one for each other process. Owns them. */
export class ConnectionPool implements LinkHost {
  private readonly links = new Map<PeerId, PeerLink>();
  private readonly acquaintances = new Map<PeerId, Acquaintance>();
  private readonly stopping = new AbortController();
  private dialCount = 0;

  constructor(private readonly host: PoolHost) {}

  get buffers() {
    return this.host.buffers;
  }

  transferOf(digest: Digest): Transfer | undefined {
    return this.host.transferOf(digest);
  }

  createUploader(link: PeerLink) {
    return this.host.createUploader(link);
  }

  bytesReceived(peerId: PeerId, bytes: number): void {
    this.host.bytesReceived(peerId, bytes);
  }

  /** Connects to a peer for the sake of a transfer, or uses the connection that is there. */
  want(transfer: Transfer, location: { peerId: PeerId; endpoints: readonly Endpoint[] }): void {
    const { peerId, endpoints } = location;
    const nowMs = performance.now();
    if (peerId === this.host.self.peerId || this.host.bans.isBanned({ peerId, nowMs })) return;
    const acquaintance = this.acquaintance(peerId);
    if (nowMs < (acquaintance.refusals.get(transfer) ?? acquaintance.notBeforeMs)) return;
    acquaintance.refusals.delete(transfer);
    const link = this.links.get(peerId);
    if (link !== undefined) {
      link.openFile(transfer);
      return;
    }
    acquaintance.wanted.add(transfer);
    if (acquaintance.isDialling || endpoints.length === 0) return;
    if (this.dialCount >= MAX_DIALS_AT_ONCE || this.links.size >= MAX_CONNECTION_COUNT) return;
    void this.dial(peerId, acquaintance, endpoints);
  }

  /** Whether the last attempt to reach a peer failed, or its connection broke, and no other holds. */
  isUnreachable(peerId: PeerId): boolean {
    if (this.links.has(peerId)) return false;
    return (this.acquaintances.get(peerId)?.failedAttempts ?? 0) > 0;
  }

  /** Decides about a connection whose other end has just said who it is. */
  admit(connection: PeerConnection): ConnectionHandler | WireCode {
    const { peerId } = connection;
    const nowMs = performance.now();
    if (this.stopping.signal.aborted) return 'SHUTTING_DOWN';
    if (this.host.bans.isBanned({ peerId, nowMs })) return 'BANNED';
    const existing = this.links.get(peerId);
    if (existing === undefined && this.links.size >= MAX_CONNECTION_COUNT) {
      return 'TOO_MANY_CONNECTIONS';
    }
    if (existing !== undefined && !this.prefers(connection, existing.connection)) {
      return 'DUPLICATE_CONNECTION';
    }
    const acquaintance = this.acquaintance(peerId);
    const wanted = [...acquaintance.wanted, ...(existing?.transfers ?? [])];
    acquaintance.failedAttempts = 0;
    acquaintance.wanted.clear();
    existing?.abandon('DUPLICATE_CONNECTION');
    const link = new PeerLink(connection, this);
    this.links.set(peerId, link);
    for (const transfer of wanted) link.openFile(transfer);
    return link;
  }

  linkRefused(link: PeerLink, transfer: Transfer): void {
    this.acquaintance(link.peerId).refusals.set(transfer, performance.now() + REFUSAL_MS);
  }

  linkClosed(link: PeerLink, error: Error | undefined): void {
    if (this.links.get(link.peerId) === link) this.links.delete(link.peerId);
    const isDuplicate = error instanceof ProtocolError && error.code === 'DUPLICATE_CONNECTION';
    if (error === undefined || isDuplicate) return;
    this.postpone(this.acquaintance(link.peerId));
    this.host.connectionFailed(link.peerId, error);
  }

  /** Closes connections that carry no file, and forgets peers that nobody wants. */
  sweep(): void {
    const nowMs = performance.now();
    for (const link of this.links.values()) {
      if (link.idleSinceMs === undefined || nowMs - link.idleSinceMs < IDLE_LINK_MS) continue;
      void link.connection.close('IDLE');
    }
    for (const [peerId, acquaintance] of this.acquaintances) {
      const isNeeded = acquaintance.isDialling || acquaintance.notBeforeMs > nowMs;
      if (!isNeeded && !this.links.has(peerId)) this.acquaintances.delete(peerId);
    }
  }

  /** Says goodbye to one peer for good. */
  ban(link: PeerLink): void {
    void link.connection.close('BANNED');
  }

  async close(): Promise<void> {
    this.stopping.abort();
    const links = [...this.links.values()];
    await Promise.all(links.map((link) => link.connection.close('SHUTTING_DOWN')));
  }

  private async dial(
    peerId: PeerId,
    acquaintance: Acquaintance,
    endpoints: readonly Endpoint[],
  ): Promise<void> {
    acquaintance.isDialling = true;
    this.dialCount += 1;
    const settle = (outcome: 'met' | 'failed') => {
      if (!acquaintance.isDialling) return;
      acquaintance.isDialling = false;
      this.dialCount -= 1;
      if (outcome === 'failed') this.postpone(acquaintance);
    };
    try {
      await dialPeer(
        endpoints,
        {
          self: this.host.self,
          expectedPeerId: peerId,
          admit: (connection) => {
            settle('met');
            return this.admit(connection);
          },
          onRefused: (error) => {
            const isDuplicate =
              error instanceof ProtocolError && error.code === 'DUPLICATE_CONNECTION';
            settle(isDuplicate ? 'met' : 'failed');
          },
        },
        { signal: this.stopping.signal },
      );
    } catch {
      settle('failed');
    }
  }

  /** When both dialled at once, both ends keep the connection that the smaller peer id dialled; a
   *  second one from the same side replaces the first, which its dialler has given up. */
  private prefers(fresh: PeerConnection, existing: PeerConnection): boolean {
    if (fresh.direction === existing.direction) return true;
    const isSelfSmaller = this.host.self.peerId < fresh.peerId;
    return (fresh.direction === 'dialled') === isSelfSmaller;
  }

  private postpone(acquaintance: Acquaintance): void {
    const delayMs = backoffMs({
      attempt: acquaintance.failedAttempts,
      random: Math.random,
      baseMs: DIAL_BASE_MS,
      maxMs: DIAL_MAX_MS,
    });
    acquaintance.failedAttempts += 1;
    acquaintance.wanted.clear();
    acquaintance.notBeforeMs = performance.now() + delayMs;
  }

  private acquaintance(peerId: PeerId): Acquaintance {
    let acquaintance = this.acquaintances.get(peerId);
    if (acquaintance === undefined) {
      acquaintance = {
        wanted: new Set(),
        refusals: new Map(),
        failedAttempts: 0,
        notBeforeMs: 0,
        isDialling: false,
      };
      this.acquaintances.set(peerId, acquaintance);
    }
    return acquaintance;
  }
}
