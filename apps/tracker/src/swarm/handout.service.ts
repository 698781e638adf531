import { Inject, Injectable } from '@nestjs/common';
import {
  encodeBase64,
  HELD_ALL,
  HELD_NONE,
  type Endpoint,
  type HeldChunks,
  type Location,
} from '#protocol';
import type { ReplyBudget } from '../rpc/reply-budget.js';
import { toIsoTime, type Sql } from '../store/sql.js';
import { READER } from '../store/store.tokens.js';
import { selectEndpoints, selectPeers, type Candidate } from './peer-handout.js';

export interface HandoutWish {
  readonly fileId: number;
  readonly askerHost: string;
  readonly exclude: string | undefined;
  readonly limit: number;
}

export interface Handout {
  readonly locations: Location[];
  /** The budget was used up before the wish was met. */
  readonly isCut: boolean;
}

/** Candidates that are looked at for each peer that is handed out. */
const CANDIDATES_PER_LOCATION = 2;
/** A bitfield above this length is left out of a location: the peers tell each other. */
const MAX_INLINE_HELD_CHARS = 4_096;

/** Finds peers of a swarm for an asking peer. */
@Injectable()
export class HandoutService {
  constructor(@Inject(READER) private readonly reader: Sql) {}

  /** As many locations as the wish and the budget allow. */
  async handOut(wish: HandoutWish, budget: ReplyBudget): Promise<Handout> {
    const candidates = [
      ...(await this.candidates(wish, 'complete')),
      ...(await this.candidates(wish, 'partial')),
    ];
    const locations: Location[] = [];
    for (const { id } of selectPeers(candidates, { limit: wish.limit, random: Math.random })) {
      const location = await this.locate(id, wish);
      if (location === undefined) continue;
      if (!budget.take(location)) return { locations, isCut: true };
      locations.push(location);
    }
    return { locations, isCut: false };
  }

  /** Online peers from a random place on, so that a large swarm costs no more than a small one. */
  private async candidates(wish: HandoutWish, state: 'complete' | 'partial'): Promise<Candidate[]> {
    const complete = state === 'complete' ? 1 : 0;
    const bounds = await this.reader.first<{ first: number | null; last: number }>(
      `SELECT MIN(peer_id) AS first, MAX(peer_id) AS last
        FROM chunk_ownership WHERE file_id = ? AND complete = ?`,
      [wish.fileId, complete],
    );
    if (bounds?.first == null) return [];
    const pivot = bounds.first + Math.floor(Math.random() * (bounds.last - bounds.first + 1));
    const maxCount = wish.limit * CANDIDATES_PER_LOCATION;
    const from = (start: number, end: number, count: number) =>
      this.reader.all<{ id: number; dialable: 0 | 1 }>(
        `SELECT o.peer_id AS id, p.host IS NOT NULL AS dialable
          FROM chunk_ownership o JOIN peers p ON p.id = o.peer_id
          WHERE o.file_id = ? AND o.complete = ? AND o.peer_id >= ? AND o.peer_id < ?
            AND p.lease_expires_at > ? AND p.peer_id <> ?
          ORDER BY o.peer_id LIMIT ?`,
        [wish.fileId, complete, start, end, toIsoTime(Date.now()), wish.exclude ?? '', count],
      );
    const rows = await from(pivot, bounds.last + 1, maxCount);
    if (rows.length < maxCount) {
      rows.push(...(await from(bounds.first, pivot, maxCount - rows.length)));
    }
    return rows.map(({ id, dialable }) => ({
      id,
      complete: complete === 1,
      dialable: dialable === 1,
    }));
  }

  private async locate(peerRowId: number, wish: HandoutWish): Promise<Location | undefined> {
    const row = await this.reader.first<LocationRow>(
      `SELECT p.peer_id AS peerId, p.hostname, p.endpoints, p.observed_host AS observedHost,
          o.chunks_held AS chunksHeld, o.complete,
          CASE WHEN length(o.chunks) <= ? THEN o.chunks END AS chunks
        FROM chunk_ownership o JOIN peers p ON p.id = o.peer_id
        WHERE o.file_id = ? AND o.peer_id = ?`,
      [(MAX_INLINE_HELD_CHARS * 3) / 4, wish.fileId, peerRowId],
    );
    if (row === undefined) return undefined;
    const { peerId, hostname, chunksHeld, complete, observedHost } = row;
    const endpoints = JSON.parse(row.endpoints) as Endpoint[];
    return {
      peerId,
      hostname,
      endpoints: selectEndpoints({ endpoints, observedHost }, wish.askerHost),
      chunksHeld,
      complete: complete === 1,
      held: heldOf(row),
    };
  }
}

interface LocationRow {
  readonly peerId: string;
  readonly hostname: string;
  readonly endpoints: string;
  readonly observedHost: string;
  readonly chunksHeld: number;
  readonly complete: 0 | 1;
  readonly chunks: Uint8Array | null;
}

function heldOf(row: LocationRow): HeldChunks | null {
  if (row.complete === 1) return HELD_ALL;
  if (row.chunksHeld === 0) return HELD_NONE;
  return row.chunks === null ? null : encodeBase64(row.chunks);
}
