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
import { toIsoTime, type Sql } from '../store/sql.js';
import { WRITE_QUEUE } from '../store/store.tokens.js';
import type { WriteQueue } from '../store/write-queue.js';
import { TRACKER_CONFIG, type TrackerConfig } from '../tracker.config.js';
import { deletePeers, forgetSession, insertPeer, updatePeer } from './peer-rows.js';

/** A peer whose session was checked. */
export interface KnownPeer {
  /** Key of its row. */
  readonly id: number;
  readonly identity: string;
  readonly hostname: string;
}

/** Called, inside the write, when the tracker stops believing what a peer holds. */
export type PeerForgotten = (sql: Sql, peerRowId: number) => Promise<void>;

/** Who is here: sessions and leases. */
@Injectable()
export class PeersService {
  /** Another one at each start of the tracker: whoever sees it change joins and registers again. */
  private readonly bootId = newSession();
  private readonly listeners: PeerForgotten[] = [];

  constructor(
    @Inject(WRITE_QUEUE) private readonly writes: WriteQueue,
    @Inject(TRACKER_CONFIG) private readonly config: TrackerConfig,
  ) {}

  whenForgotten(listener: PeerForgotten): void {
    this.listeners.push(listener);
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
      }
      const { bootId } = this;
      const { leaseMs } = this.config;
      return { apiVersion: API_VERSION, features: [], bootId, leaseMs, observedHost };
    });
  }

  heartbeat(request: HeartbeatRequest): Promise<HeartbeatReply> {
    return this.writes.submit(async (sql) => {
      const { seenAt, expiresAt } = this.leaseFrom(Date.now());
      const changed = await sql.run(
        `UPDATE peers SET last_seen_at = ?, lease_expires_at = ?, bytes_up = ?, bytes_down = ?
          WHERE peer_id = ? AND session = ?`,
        [seenAt, expiresAt, request.bytesUp, request.bytesDown, request.peerId, request.session],
      );
      if (changed === 0) throw sessionUnknown();
      return { bootId: this.bootId, leaseMs: this.config.leaseMs };
    });
  }

  /** Of a session that is not there: nothing to do, so that it may be repeated. */
  leave(caller: Caller): Promise<Record<string, never>> {
    return this.writes.submit(async (sql) => {
      const peerRowId = await forgetSession(sql, caller, toIsoTime(Date.now()));
      if (peerRowId !== undefined) await this.forget(sql, peerRowId);
      return {};
    });
  }

  /** Throws SESSION_UNKNOWN. A peer that asks for something lives: its lease is renewed. */
  async authorise(sql: Sql, caller: Caller): Promise<KnownPeer> {
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
    }
    return row;
  }

  /** Keys of the rows of all processes of a home. */
  async processesOf(sql: Sql, identity: string): Promise<number[]> {
    const rows = await sql.all<{ id: number }>('SELECT id FROM peers WHERE identity = ?', [
      identity,
    ]);
    return rows.map(({ id }) => id);
  }

  /** Removes peers that stayed away since the given times. Returns how many. */
  prune(before: { left: string; silent: string }): Promise<number> {
    return this.writes.submit((sql) => deletePeers(sql, before));
  }

  private leaseFrom(nowMs: number): { seenAt: string; expiresAt: string } {
    return { seenAt: toIsoTime(nowMs), expiresAt: toIsoTime(nowMs + this.config.leaseMs) };
  }

  private async forget(sql: Sql, peerRowId: number): Promise<void> {
    for (const listener of this.listeners) await listener(sql, peerRowId);
  }
}

function sessionUnknown(): TrackerError {
  return new TrackerError('SESSION_UNKNOWN', 'the tracker does not know this session: join again');
}
