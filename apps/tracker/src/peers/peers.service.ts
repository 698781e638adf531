import { Inject, Injectable } from '@nestjs/common';
import {
  API_VERSION,
  TrackerError,
  type Caller,
  type HeartbeatReply,
  type HeartbeatRequest,
  type JoinReply,
  type JoinRequest,
} from '#protocol';
import { newSession } from '#identity';
import { toIsoTime, type SqlValue, type WriteSql } from '../store/sql.js';
import { WRITE_QUEUE } from '../store/store.tokens.js';
import type { WriteQueue } from '../store/write-queue.js';
import { TRACKER_CONFIG, type TrackerConfig } from '../tracker.config.js';
import { PeerDirectory } from './peer-directory.service.js';
import {
  cutLeases,
  deletePeers,
  endDuePeers,
  forgetSession,
  insertPeer,
  updatePeer,
} from './peer-rows.js';

/** A peer whose session was checked. */
export interface KnownPeer {
  /** Key of its row. */
  readonly id: number;
  readonly identity: string;
  readonly hostname: string;
}

/** Called inside the write. */
export type PeerListener = (sql: WriteSql, peerRowId: number) => Promise<void>;
/** Called inside the write: removes up to `maxCount` rows that hang on these peers, and returns how many
 *  it removed. */
export type PeerRemover = (
  sql: WriteSql,
  peerRowIds: readonly number[],
  maxCount: number,
) => Promise<number>;

/** What one write removes, so that no other one waits long. */
const MAX_PRUNED_PEERS_PER_WRITE = 200;
const MAX_PRUNED_ROWS_PER_WRITE = 1_000;

/** Who is here: sessions and leases. */
@Injectable()
export class PeersService {
  /** Another one at each start of the tracker: whoever sees it change joins and registers again. */
  private readonly bootId = newSession();
  private readonly forgottenListeners: PeerListener[] = [];
  private readonly revivedListeners: PeerListener[] = [];
  private readonly upheavalListeners: (() => void)[] = [];
  private readonly removers: PeerRemover[] = [];

  constructor(
    @Inject(WRITE_QUEUE) private readonly writes: WriteQueue,
    @Inject(TRACKER_CONFIG) private readonly config: TrackerConfig,
    @Inject(PeerDirectory) private readonly directory: PeerDirectory,
  ) {}

  /** When the tracker stops believing what a peer holds. */
  whenForgotten(listener: PeerListener): void {
    this.forgottenListeners.push(listener);
  }

  /** When a peer whose lease had run out is back. */
  whenRevived(listener: PeerListener): void {
    this.revivedListeners.push(listener);
  }

  /** When rows of peers are gone with all that hung on them, so that their keys may be used again, or
   *  leases of many were cut short. */
  whenUpheaved(listener: () => void): void {
    this.upheavalListeners.push(listener);
  }

  /** Before rows of peers are removed: what hangs on them goes first, some at a time. */
  whenPruning(remover: PeerRemover): void {
    this.removers.push(remover);
  }

  join(request: JoinRequest, observedHost: string): Promise<JoinReply> {
    if (!request.apiVersions.includes(API_VERSION)) {
      const message = `this tracker speaks version ${API_VERSION} of the protocol only`;
      return Promise.reject(new TrackerError('UNSUPPORTED_API_VERSION', message));
    }
    return this.writes.submit(async (sql) => {
      const lease = this.leaseFrom(Date.now());
      const known = await sql.first<{ id: number; session: string }>(
        'SELECT id, session FROM peers WHERE peer_id = ?',
        [request.peerId],
      );
      if (known === undefined) await insertPeer(sql, { request, observedHost, ...lease });
      else {
        if (known.session !== request.session) await this.forget(sql, known.id);
        await updatePeer(sql, { request, observedHost, ...lease });
        await this.tell(this.revivedListeners, sql, known.id);
        sql.afterCommit(() => this.directory.changed(known.id));
      }
      const { bootId } = this;
      const { leaseMs } = this.config;
      return { apiVersion: API_VERSION, features: [], bootId, leaseMs, observedHost };
    });
  }

  heartbeat(request: HeartbeatRequest): Promise<HeartbeatReply> {
    return this.writes.submit(async (sql) => {
      const { seenAt, expiresAt } = this.leaseFrom(Date.now());
      const renewed = await sql.first<{ id: number }>(
        `UPDATE peers SET last_seen_at = ?, lease_expires_at = ?, bytes_up = ?, bytes_down = ?
          WHERE peer_id = ? AND session = ? AND lease_expires_at > ? RETURNING id`,
        [...heartbeatColumns(request, { seenAt, expiresAt }), seenAt],
      );
      const id = renewed?.id ?? (await this.revive(sql, request, { seenAt, expiresAt }));
      sql.afterCommit(() => this.directory.renewed(id, expiresAt));
      return { bootId: this.bootId, leaseMs: this.config.leaseMs };
    });
  }

  /** Of a session that is not there: nothing to do, so that it may be repeated. */
  leave(caller: Caller): Promise<Record<string, never>> {
    return this.writes.submit(async (sql) => {
      const peerRowId = await forgetSession(sql, caller, toIsoTime(Date.now()));
      if (peerRowId === undefined) return {};
      await this.forget(sql, peerRowId);
      sql.afterCommit(() => this.directory.changed(peerRowId));
      return {};
    });
  }

  /** Throws SESSION_UNKNOWN. A peer that asks for something lives: its lease is renewed. */
  async authorise(sql: WriteSql, caller: Caller): Promise<KnownPeer> {
    const row = await sql.first<KnownPeer & { session: string; expiresAt: string }>(
      `SELECT id, identity, hostname, session, lease_expires_at AS expiresAt
        FROM peers WHERE peer_id = ?`,
      [caller.peerId],
    );
    if (row?.session !== caller.session) throw sessionUnknown();
    const nowMs = Date.now();
    if (row.expiresAt < toIsoTime(nowMs + this.config.leaseMs / 2)) {
      const { seenAt, expiresAt } = this.leaseFrom(nowMs);
      await sql.run('UPDATE peers SET last_seen_at = ?, lease_expires_at = ? WHERE id = ?', [
        seenAt,
        expiresAt,
        row.id,
      ]);
      if (row.expiresAt <= seenAt) await this.tell(this.revivedListeners, sql, row.id);
      sql.afterCommit(() => this.directory.renewed(row.id, expiresAt));
    }
    return row;
  }

  /** Keys of the rows of all processes of a home. */
  async processesOf(sql: WriteSql, identity: string): Promise<number[]> {
    const rows = await sql.all<{ id: number }>('SELECT id FROM peers WHERE identity = ?', [
      identity,
    ]);
    return rows.map(({ id }) => id);
  }

  /** Removes peers that stayed away since the given times, over as many writes as it takes. Returns how
   *  many. */
  async prune(before: { left: string; silent: string }, signal: AbortSignal): Promise<number> {
    let prunedCount = 0;
    while (!signal.aborted) {
      const step = await this.writes.submit((sql) => this.pruneSome(sql, before));
      prunedCount += step.peerCount;
      if (step.isLast) break;
    }
    return prunedCount;
  }

  /** No lease lasts for longer than one given now. Returns how many would have. */
  cutLeases(): Promise<number> {
    return this.writes.submit(async (sql) => {
      const cutCount = await cutLeases(sql, this.leaseFrom(Date.now()));
      if (cutCount > 0) sql.afterCommit(() => this.tellUpheaval());
      return cutCount;
    });
  }

  private tellUpheaval(): void {
    this.directory.allChanged();
    for (const listener of this.upheavalListeners) listener();
  }

  private async pruneSome(
    sql: WriteSql,
    before: { left: string; silent: string },
  ): Promise<{ peerCount: number; isLast: boolean }> {
    const ids = await endDuePeers(sql, before, MAX_PRUNED_PEERS_PER_WRITE);
    if (ids.length === 0) return { peerCount: 0, isLast: true };
    sql.afterCommit(() => this.tellUpheaval());
    for (const remove of this.removers) {
      const removedCount = await remove(sql, ids, MAX_PRUNED_ROWS_PER_WRITE);
      if (removedCount > 0) return { peerCount: 0, isLast: false };
    }
    const peerCount = await deletePeers(sql, ids);
    return { peerCount, isLast: ids.length < MAX_PRUNED_PEERS_PER_WRITE };
  }

  private leaseFrom(nowMs: number): Lease {
    return { seenAt: toIsoTime(nowMs), expiresAt: toIsoTime(nowMs + this.config.leaseMs) };
  }

  /** A heartbeat after the lease had run out. Returns the key of the peer's row. */
  private async revive(sql: WriteSql, request: HeartbeatRequest, lease: Lease): Promise<number> {
    const revived = await sql.first<{ id: number }>(
      `UPDATE peers SET last_seen_at = ?, lease_expires_at = ?, bytes_up = ?, bytes_down = ?
        WHERE peer_id = ? AND session = ? RETURNING id`,
      heartbeatColumns(request, lease),
    );
    if (revived === undefined) throw sessionUnknown();
    await this.tell(this.revivedListeners, sql, revived.id);
    return revived.id;
  }

  private forget(sql: WriteSql, peerRowId: number): Promise<void> {
    return this.tell(this.forgottenListeners, sql, peerRowId);
  }

  private async tell(
    listeners: readonly PeerListener[],
    sql: WriteSql,
    peerRowId: number,
  ): Promise<void> {
    for (const listener of listeners) await listener(sql, peerRowId);
  }
}

/** Both ISO 8601, UTC. */
interface Lease {
  readonly seenAt: string;
  readonly expiresAt: string;
}

function heartbeatColumns(request: HeartbeatRequest, { seenAt, expiresAt }: Lease): SqlValue[] {
  const { bytesUp, bytesDown, peerId, session } = request;
  return [seenAt, expiresAt, bytesUp, bytesDown, peerId, session];
}

function sessionUnknown(): TrackerError {
  return new TrackerError('SESSION_UNKNOWN', 'the tracker does not know this session: join again');
}
