import { Inject, Injectable } from '@nestjs/common';
import { TRACKER_KEY } from '../membership/membership.tokens.js';
import type { TrackerKey } from '../membership/tracker-key.js';
import type { OutsideCommits } from '../store/outside-commits.js';
import { ReadCache } from '../store/read-cache.js';
import type { Sql } from '../store/sql.js';
import { OUTSIDE_COMMITS, READER } from '../store/store.tokens.js';
import { ListedPeer, type ListedPeerRow } from './listed-peer.js';

/** Of all peers that are kept; each counts as some more. */
const MAX_KEPT_CHARS = 12 * 1024 * 1024;
const PEER_WEIGHT = 512;

/** What peers say of themselves, and the address that they come from. */
const NAMED_ENDPOINTS = 'endpoints, observed_host AS observedHost';
/** Of a secured network: only where they have answered as themselves. */
const PROVEN_ENDPOINTS = "COALESCE(proven_endpoints, '[]') AS endpoints, '' AS observedHost";

/** Peers as others are told of them, by the key of their row. Keeps those asked for lately. */
@Injectable()
export class PeerDirectory {
  private readonly peers = new ReadCache<number, ListedPeer>({
    maxWeight: MAX_KEPT_CHARS,
    weightOf: ({ maxChars }) => PEER_WEIGHT + maxChars,
  });

  private readonly endpointColumns: string;

  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(TRACKER_KEY) key: TrackerKey | undefined,
    @Inject(OUTSIDE_COMMITS) outside: OutsideCommits,
  ) {
    this.endpointColumns = key === undefined ? NAMED_ENDPOINTS : PROVEN_ENDPOINTS;
    outside.whenNoticed(() => this.peers.clear());
  }

  /** In the same order. */
  async find(ids: readonly number[]): Promise<(ListedPeer | undefined)[]> {
    const peers = ids.map((id) => this.peers.get(id));
    if (!peers.includes(undefined)) return peers;
    const missing = ids.filter((_, index) => peers[index] === undefined);
    const found = new Map(await this.peers.fill(() => this.read(missing)));
    return peers.map((peer, index) => peer ?? found.get(ids[index]!));
  }

  /** A lease was renewed, and that is committed. */
  renewed(id: number, expiresAt: string): void {
    this.peers.change(id, (peer) => peer.renew(expiresAt));
  }

  /** Anything else was changed, and that is committed. */
  changed(id: number): void {
    this.peers.delete(id);
  }

  allChanged(): void {
    this.peers.clear();
  }

  private async read(ids: readonly number[]): Promise<[number, ListedPeer][]> {
    const rows = await this.reader.all<ListedPeerRow & { id: number }>(
      `SELECT id, peer_id AS peerId, hostname, ${this.endpointColumns},
          lease_expires_at AS expiresAt
        FROM peers WHERE id IN (SELECT value FROM json_each(?))`,
      [JSON.stringify(ids)],
    );
    return rows.map((row) => [row.id, new ListedPeer(row)]);
  }
}
