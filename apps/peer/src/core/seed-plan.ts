import type { Bitfield, ChunkIndex, PeerId } from '#protocol';
import { PeerRate } from './peer-rate.js';
import { SeedSpread } from './seed-spread.js';
import { TurnOrder } from './turn-order.js';

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
const MAX_UNASKED_MS = 2_000;
const MAX_UNANNOUNCED_MS = 15_000;

interface Debt {
  isAsked: boolean;
  sinceMs: number;
}

interface Leecher {
  readonly peerId: PeerId;
  /** Chunks from us that it has and has passed on to nobody yet. */
  readonly hoarded: Set<ChunkIndex>;
  /** Knows that it is to follow suggestions: it has had one. */
  isSteered: boolean;
  readonly promised: Map<ChunkIndex, Debt>;
}

/**
 * What a seeder gives next, and to whom: each leecher in turn a chunk that nobody else was given, as
 * long as there is one, and never more at a time than the seeder sends soon. So it sends hardly
 * anything twice, the first copies of a chunk arrive early, who takes long is not waited for, and who
 * passes on little is given less.
 * To a lone leecher it gives whatever that one lacks. Told the time; cost does not grow with the
 * number of chunks.
 */
export class SeedPlan {
  private readonly spread: SeedSpread;
  private readonly leechers = new Map<PeerId, Leecher>();
  private readonly turns = new TurnOrder<Leecher>();
  private readonly rate = new PeerRate({ windowMs: RATE_WINDOW_MS });
  private readonly chunkBytes: number;
  private promisedCount = 0;
  private unsteeredCount = 0;
  /** Who alone has a chunk that we sent. */
  private readonly hoarders = new Map<ChunkIndex, Leecher>();

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
    this.spread.addPeer(peerId, held);
    const leecher = {
      peerId,
      hoarded: new Set<ChunkIndex>(),
      isSteered: false,
      promised: new Map(),
    };
    this.leechers.set(peerId, leecher);
    this.turns.add(leecher);
    this.unsteeredCount += 1;
  }

  removePeer(peerId: PeerId): void {
    this.spread.removePeer(peerId);
    const leecher = this.leechers.get(peerId);
    if (leecher === undefined) return;
    this.leechers.delete(peerId);
    this.turns.delete(leecher);
    this.promisedCount -= leecher.promised.size;
    for (const chunkIndex of leecher.hoarded) this.hoarders.delete(chunkIndex);
    if (!leecher.isSteered) this.unsteeredCount -= 1;
  }

  /** The peer says that it has the chunk. */
  peerHas(entry: { peerId: PeerId; chunkIndex: ChunkIndex; nowMs: number }): void {
    const { peerId, chunkIndex, nowMs } = entry;
    this.spread.peerHas(peerId, chunkIndex);
    const leecher = this.leechers.get(peerId);
    if (leecher === undefined) return;
    const isOurs = leecher.promised.get(chunkIndex)?.isAsked === true;
    if (leecher.promised.delete(chunkIndex)) this.promisedCount -= 1;
    const hoarder = this.hoarders.get(chunkIndex);
    if (hoarder !== undefined && hoarder !== leecher) {
      hoarder.hoarded.delete(chunkIndex);
      this.hoarders.delete(chunkIndex);
    }
    if (!isOurs) return;
    this.rate.received({ bytes: this.chunkBytes, nowMs });
    if (this.spread.copiesOf(chunkIndex) > 1) return;
    this.hoarders.set(chunkIndex, leecher);
    leecher.hoarded.add(chunkIndex);
  }

  /** The peer asked for the chunk, whether that was suggested or not. */
  requested(entry: { peerId: PeerId; chunkIndex: ChunkIndex; nowMs: number }): void {
    this.promise(entry, 'asked');
  }

  /** What to suggest now, which counts as promised. Undefined while enough is promised. */
  next(facts: {
    nowMs: number;
    random: () => number;
  }): { peerId: PeerId; chunkIndex: ChunkIndex } | undefined {
    if (!this.hasSomethingToGive) return undefined;
    const windowCount = this.windowCount(facts.nowMs);
    const isFull = this.promisedCount >= windowCount;
    if (isFull && this.unsteeredCount === 0) return undefined;
    const shareCount = Math.max(MIN_SHARE_COUNT, Math.ceil(windowCount / this.leechers.size));
    const fairCount = this.hoarders.size / this.leechers.size;
    const hoardLimit = MIN_HOARD_COUNT + MAX_HOARD_FACTOR * fairCount;
    // Who has not been steered yet asks for what it likes until it hears of it.
    const mayTake = (leecher: Leecher, limitCount: number) =>
      !leecher.isSteered || (!isFull && leecher.promised.size < limitCount);
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
    const { peerId } = leecher;
    const chunkIndex = this.spread.next({ peerId, random });
    if (chunkIndex === undefined) return undefined;
    this.turns.moveToEnd(leecher);
    if (!leecher.isSteered) this.unsteeredCount -= 1;
    leecher.isSteered = true;
    this.promise({ peerId, chunkIndex, nowMs }, 'suggested');
    return { peerId, chunkIndex };
  }

  /** Takes back what was promised long ago and came to nothing: others may be given it. */
  expire(nowMs: number): void {
    for (const [peerId, { promised }] of this.leechers) {
      for (const [chunkIndex, { isAsked, sinceMs }] of promised) {
        if (nowMs - sinceMs < (isAsked ? MAX_UNANNOUNCED_MS : MAX_UNASKED_MS)) continue;
        promised.delete(chunkIndex);
        this.promisedCount -= 1;
        this.spread.withdrawn({ peerId, chunkIndex });
      }
    }
  }

  private promise(
    { peerId, chunkIndex, nowMs }: { peerId: PeerId; chunkIndex: ChunkIndex; nowMs: number },
    how: 'asked' | 'suggested',
  ): void {
    const leecher = this.leechers.get(peerId);
    if (leecher === undefined) return;
    if (!leecher.promised.has(chunkIndex)) this.promisedCount += 1;
    leecher.promised.set(chunkIndex, { isAsked: how === 'asked', sinceMs: nowMs });
    this.spread.given({ peerId, chunkIndex });
  }

  /** With others about, only what none of them has or was promised: they give one another the
   *  rest. */
  private get hasSomethingToGive(): boolean {
    return this.leechers.size === 1 || this.spread.hasUngiven;
  }

  private windowCount(nowMs: number): number {
    const wantedBytes = this.rate.bytesPerSecond(nowMs) * AHEAD_SECONDS;
    const windowBytes = Math.min(wantedBytes, MAX_PROMISED_BYTES);
    return Math.max(MIN_PROMISED_COUNT, Math.floor(windowBytes / this.chunkBytes));
  }
}
