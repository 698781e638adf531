import type { Bitfield, ChunkIndex, PeerId } from '#protocol';
import type { PeerChunks } from './peer-chunks.js';
import { PeerRate } from './peer-rate.js';
import { PeerTable } from './peer-table.js';
import { SeedSpread } from './seed-spread.js';
import { TurnList, type Turn } from './turn-list.js';

/** How much of the seeder's time is promised ahead. */
const AHEAD_SECONDS = 0.5;
const RATE_WINDOW_MS = 1_000;
const MIN_PROMISED_COUNT = 8;
const MAX_PROMISED_BYTES = 64 * 1024 * 1024;
const MIN_SHARE_COUNT = 2;
/** A leecher that alone has more than its fair part, so many times, and some, is passed over. */
const MAX_HOARD_FACTOR = 1.5;
const MIN_HOARD_COUNT = 4;
/** A suggestion that is not followed by then is withdrawn, and a request that does not end in the
 *  peer's telling that it has the chunk. */
const MAX_UNASKED_MS = 5_000;
const MAX_UNANNOUNCED_MS = 15_000;
/** A suggestion that is not followed by then holds up nobody else, nor a chunk that was sent and is
 *  not announced by then: the peer may be far away. */
const MAX_PROMPT_MS = 250;
const MAX_TRAVEL_MS = 250;
/** With nothing new left to give, and no first copy arriving, for this long, chunks are given a second
 *  time. */
const MAX_DRY_MS = 1_000;

interface Debt {
  /** Waits for the peer's request, for our sending all of the chunk, for the peer's having it. */
  state: 'suggested' | 'asked' | 'sent';
  sinceMs: number;
  /** Keeps us busy, or will soon. */
  isPending: boolean;
}

const PENDING_MS = { suggested: MAX_PROMPT_MS, asked: Infinity, sent: MAX_TRAVEL_MS };

interface Leecher extends Turn<Leecher> {
  readonly peerId: PeerId;
  /** What it has or was given. */
  readonly chunks: PeerChunks;
  /** Chunks from us that it has and has passed on to nobody yet. */
  readonly hoarded: Set<ChunkIndex>;
  /** Knows that it is to follow suggestions: it has had one. */
  isSteered: boolean;
  readonly promised: Map<ChunkIndex, Debt>;
  /** Promises that are pending. */
  pendingCount: number;
}

/**
 * What a seeder gives next, and to whom: each leecher in turn a chunk that nobody else was given, as
 * long as there is one, and never more at a time than the seeder sends soon. So it sends hardly
 * anything twice, the first copies of a chunk arrive early, who takes long is not waited for, and who
 * passes on little is given less. When there has been nothing new to give for a while, because the
 * leechers are slow to pass on what they have, it helps with second copies.
 * To a lone leecher it gives whatever that one lacks. Told the time; cost does not grow with the
 * number of chunks.
 */
export class SeedPlan {
  private readonly spread: SeedSpread;
  private readonly leechers = new PeerTable<Leecher>();
  private readonly turns = new TurnList<Leecher>();
  private readonly rate = new PeerRate({ windowMs: RATE_WINDOW_MS });
  private readonly chunkBytes: number;
  private pendingCount = 0;
  private unsteeredCount = 0;
  /** Who alone has a chunk that we sent. */
  private readonly hoarders = new Map<ChunkIndex, Leecher>();
  /** Since when there is nothing new to give, or the last of it arrived; undefined while there is. */
  private drySinceMs: number | undefined;

  constructor(options: { held: Bitfield; chunkBytes: number }) {
    this.spread = new SeedSpread(options);
    this.chunkBytes = options.chunkBytes;
  }

  get leecherCount(): number {
    return this.leechers.size;
  }

  /** Told again, it forgets what was promised to the peer. */
  addPeer(peerId: PeerId, held: Bitfield): void {
    this.removePeer(peerId);
    const leecher: Leecher = {
      peerId,
      chunks: this.spread.addPeer(held),
      hoarded: new Set<ChunkIndex>(),
      isSteered: false,
      promised: new Map(),
      pendingCount: 0,
      previous: undefined,
      next: undefined,
    };
    this.leechers.set(peerId, leecher);
    this.turns.append(leecher);
    this.unsteeredCount += 1;
  }

  removePeer(peerId: PeerId): void {
    const leecher = this.leechers.get(peerId);
    if (leecher === undefined) return;
    this.spread.removePeer(leecher.chunks);
    this.leechers.delete(peerId);
    this.turns.detach(leecher);
    this.pendingCount -= leecher.pendingCount;
    for (const chunkIndex of leecher.hoarded) this.hoarders.delete(chunkIndex);
    if (!leecher.isSteered) this.unsteeredCount -= 1;
  }

  /** The peer says that it has the chunk. */
  peerHas(entry: { peerId: PeerId; chunkIndex: ChunkIndex; nowMs: number }): void {
    const { peerId, chunkIndex, nowMs } = entry;
    const leecher = this.leechers.get(peerId);
    if (leecher === undefined) return;
    this.spread.peerHas(leecher.chunks, chunkIndex);
    const state = this.settle(leecher, chunkIndex);
    const hoarder = this.hoarders.get(chunkIndex);
    if (hoarder !== undefined && hoarder !== leecher) {
      hoarder.hoarded.delete(chunkIndex);
      this.hoarders.delete(chunkIndex);
    }
    if (state !== 'asked' && state !== 'sent') return;
    this.rate.received({ bytes: this.chunkBytes, nowMs });
    if (this.spread.copiesOf(chunkIndex) > 1) return;
    if (this.drySinceMs !== undefined) this.drySinceMs = nowMs;
    this.hoarders.set(chunkIndex, leecher);
    leecher.hoarded.add(chunkIndex);
  }

  /** The peer asked for the chunk, whether that was suggested or not. */
  requested(entry: { peerId: PeerId; chunkIndex: ChunkIndex; nowMs: number }): void {
    const { chunkIndex, nowMs } = entry;
    const leecher = this.leechers.get(entry.peerId);
    if (leecher !== undefined) this.promise(leecher, { chunkIndex, nowMs, state: 'asked' });
  }

  /** All of the chunk is on its way to the peer. */
  sent(entry: { peerId: PeerId; chunkIndex: ChunkIndex; nowMs: number }): void {
    const debt = this.leechers.get(entry.peerId)?.promised.get(entry.chunkIndex);
    if (debt?.state !== 'asked') return;
    debt.state = 'sent';
    debt.sinceMs = entry.nowMs;
  }

  /** What to suggest now, which counts as promised. Undefined while enough is promised. */
  next(facts: {
    nowMs: number;
    random: () => number;
  }): { peerId: PeerId; chunkIndex: ChunkIndex } | undefined {
    if (!this.mayGive(facts.nowMs)) return undefined;
    const windowCount = this.windowCount(facts.nowMs);
    const isFull = this.pendingCount >= windowCount;
    if (isFull && this.unsteeredCount === 0) return undefined;
    const shareCount = Math.max(MIN_SHARE_COUNT, Math.ceil(windowCount / this.leechers.size));
    const fairCount = this.hoarders.size / this.leechers.size;
    const hoardLimit = MIN_HOARD_COUNT + MAX_HOARD_FACTOR * fairCount;
    // Who has not been steered yet asks for what it likes until it hears of it.
    const mayTake = (leecher: Leecher, limitCount: number) =>
      !leecher.isSteered || (!isFull && leecher.pendingCount < limitCount);
    const leecher =
      this.turns.find(
        (other) => other.hoarded.size <= hoardLimit && mayTake(other, 2 * shareCount),
      ) ?? this.turns.find((other) => mayTake(other, shareCount));
    return leecher && this.give(leecher, facts);
  }

  private give(
    leecher: Leecher,
    { nowMs, random }: { nowMs: number; random: () => number },
  ): { peerId: PeerId; chunkIndex: ChunkIndex } | undefined {
    const chunkIndex = this.spread.next(leecher.chunks, random);
    this.turns.moveToEnd(leecher);
    if (chunkIndex === undefined) return undefined;
    if (!leecher.isSteered) this.unsteeredCount -= 1;
    leecher.isSteered = true;
    this.promise(leecher, { chunkIndex, nowMs, state: 'suggested' });
    return { peerId: leecher.peerId, chunkIndex };
  }

  /** Takes back what was promised long ago and came to nothing: others may be given it. */
  expire(nowMs: number): void {
    for (let leecher = this.turns.first; leecher !== undefined; leecher = leecher.next) {
      for (const [chunkIndex, debt] of leecher.promised) {
        const { state, sinceMs } = debt;
        const elapsedMs = nowMs - sinceMs;
        if (elapsedMs >= PENDING_MS[state]) this.release(leecher, debt);
        if (elapsedMs < (state === 'suggested' ? MAX_UNASKED_MS : MAX_UNANNOUNCED_MS)) continue;
        this.settle(leecher, chunkIndex);
        this.spread.withdrawn(leecher.chunks, chunkIndex);
      }
    }
  }

  private promise(
    leecher: Leecher,
    { chunkIndex, nowMs, state }: { chunkIndex: ChunkIndex; nowMs: number; state: Debt['state'] },
  ): void {
    const debt = leecher.promised.get(chunkIndex);
    if (debt === undefined) {
      leecher.promised.set(chunkIndex, { state, sinceMs: nowMs, isPending: true });
    } else {
      this.release(leecher, debt);
      debt.state = state;
      debt.sinceMs = nowMs;
      debt.isPending = true;
    }
    leecher.pendingCount += 1;
    this.pendingCount += 1;
    this.spread.given(leecher.chunks, chunkIndex);
  }

  /** A promise that holds up nobody else any more. */
  private release(leecher: Leecher, debt: Debt): void {
    if (!debt.isPending) return;
    debt.isPending = false;
    leecher.pendingCount -= 1;
    this.pendingCount -= 1;
  }

  /** Forgets a promise, if there is one. Returns what was left of it. */
  private settle(leecher: Leecher, chunkIndex: ChunkIndex): Debt['state'] | undefined {
    const debt = leecher.promised.get(chunkIndex);
    if (debt === undefined) return undefined;
    this.release(leecher, debt);
    leecher.promised.delete(chunkIndex);
    return debt.state;
  }

  /** With others about, only what none of them has or was promised: they give one another the rest,
   *  with our help when that takes long. */
  private mayGive(nowMs: number): boolean {
    if (this.leechers.size === 1 || this.spread.hasUngiven) {
      this.drySinceMs = undefined;
      return true;
    }
    this.drySinceMs ??= nowMs;
    return nowMs - this.drySinceMs >= MAX_DRY_MS;
  }

  private windowCount(nowMs: number): number {
    const wantedBytes = this.rate.bytesPerSecond(nowMs) * AHEAD_SECONDS;
    const windowBytes = Math.min(wantedBytes, MAX_PROMISED_BYTES);
    return Math.max(MIN_PROMISED_COUNT, Math.floor(windowBytes / this.chunkBytes));
  }
}
