import {
  isPeerId,
  parseHeldChunks,
  ProtocolError,
  type Location,
  type LocationsResult,
  type PeerId,
} from '#protocol';
import type { TrackerClient } from '../../net/tracker-client.js';
import type { ConnectionPool } from '../links/connection-pool.js';
import type { Grants } from '../membership/grants.js';
import type { Transfer } from '../transfer/transfer.js';
import { Wakeable } from '../wakeable.js';

/** The first question is repeated soon: those that start together must find each other. */
const FIRST_INTERVAL_MS = 250;
/** How often to ask, at most, while a transfer has nobody to fetch from, and while it has. */
const STARVED_INTERVAL_MS = 1_000;
const FED_INTERVAL_MS = 5_000;
const FILES_PER_CALL = 100;

interface Search {
  dueMs: number;
  intervalMs: number;
  /** What the tracker said last. */
  known: readonly Location[];
  /** Peers that the tracker says have something we lack. */
  holders: readonly PeerId[];
}

/** Finds peers for transfers that are being fetched, for as long as they are. Owns its loop. */
export class PeerFinder {
  private readonly searches = new Map<Transfer, Search>();
  private readonly stopping = new AbortController();
  private readonly wakeable = new Wakeable();
  private readonly running: Promise<void>;

  constructor(
    private readonly client: TrackerClient,
    private readonly pool: ConnectionPool,
    private readonly options: {
      self: PeerId;
      maxPeerCount: number;
      grants: Grants | undefined;
    },
  ) {
    this.running = this.run();
  }

  /** `known`: what the tracker has already said. Who has one small file of a folder mostly has the
   *  others: the tracker is asked only for those that the peers at hand do not give at once. */
  add(transfer: Transfer, known: readonly Location[]): void {
    const isSmall = transfer.manifest.chunkCount === 1;
    const isAtHand =
      known.length > 0 ||
      (isSmall && this.pool.wantConnected(transfer, this.options.maxPeerCount) > 0);
    const dueMs = isAtHand ? performance.now() + FIRST_INTERVAL_MS : 0;
    const search: Search = { dueMs, intervalMs: FIRST_INTERVAL_MS, known, holders: [] };
    this.searches.set(transfer, search);
    this.connect(transfer, search, known);
    this.wakeable.wake();
  }

  remove(transfer: Transfer): void {
    this.searches.delete(transfer);
  }

  /** Peers that are said to have something we lack and have not turned out to be gone. */
  holderCount(transfer: Transfer): number {
    const holders = this.searches.get(transfer)?.holders ?? [];
    return holders.filter((peerId) => !this.pool.isGone(peerId, transfer)).length;
  }

  async close(): Promise<void> {
    this.stopping.abort();
    this.wakeable.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const nowMs = performance.now();
      const due = [...this.searches].filter(([, search]) => search.dueMs <= nowMs);
      for (let start = 0; start < due.length; start += FILES_PER_CALL) {
        await this.ask(due.slice(start, start + FILES_PER_CALL));
      }
      const dueTimes = [...this.searches.values()].map((search) => search.dueMs);
      await this.wakeable.sleep(Math.min(...dueTimes, Infinity) - performance.now());
    }
  }

  private async ask(due: readonly (readonly [Transfer, Search])[]): Promise<void> {
    const files = due.map(([transfer]) => transfer.digest);
    let results: readonly LocationsResult[] | undefined;
    try {
      const request = { files, exclude: this.options.self, limit: this.options.maxPeerCount };
      const reply = await this.client.call('locations', request, { signal: this.stopping.signal });
      results = reply.files;
    } catch {
      // The announcer says when the tracker is away; what is known goes on without it.
    }
    const nowMs = performance.now();
    for (const [index, [transfer, search]] of due.entries()) {
      // It may have ended meanwhile.
      if (this.searches.get(transfer) !== search) continue;
      const result = results?.[index];
      if (result?.ok === true) {
        search.known = result.locations;
        this.options.grants?.located(transfer.digest, result.grant);
      }
      this.connect(transfer, search, search.known);
      // A result that did not fit is asked for again at once.
      const isCutOff = results !== undefined && results.length > 0 && result === undefined;
      const isFed = (transfer.fetch?.sourceCount ?? 0) > 0;
      const maxIntervalMs = isFed ? FED_INTERVAL_MS : STARVED_INTERVAL_MS;
      search.intervalMs = Math.min(search.intervalMs * 2, maxIntervalMs);
      search.dueMs = isCutOff ? nowMs : nowMs + search.intervalMs;
    }
  }

  private connect(transfer: Transfer, search: Search, locations: readonly Location[]): void {
    const useful = locations.filter((location) => hasWanted(transfer, location));
    search.holders = useful.map((location) => location.peerId as PeerId);
    // Those without anything for us still want what we have; connect while there is room.
    const others = locations.filter((location) => !useful.includes(location));
    for (const location of [...useful, ...others]) {
      if (transfer.remotes.size >= this.options.maxPeerCount) return;
      if (!isPeerId(location.peerId) || transfer.remotes.has(location.peerId)) continue;
      this.pool.want(transfer, { peerId: location.peerId, endpoints: location.endpoints });
    }
  }
}

function hasWanted(transfer: Transfer, location: Location): boolean {
  if (location.complete) return true;
  if (location.chunksHeld === 0) return false;
  if (location.held === null) return true;
  try {
    const held = parseHeldChunks(location.held, transfer.manifest.chunkCount);
    for (const chunkIndex of held.indexes()) if (!transfer.held.has(chunkIndex)) return true;
    return false;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}
