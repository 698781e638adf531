import type { Bitfield, ChunkIndex, PeerId } from '#protocol';
import { PeerRate } from './peer-rate.js';
import { SeedSpread } from './seed-spread.js';

/** How much of the seeder's time is promised ahead. */
const AHEAD_SECONDS = 0.5;
const RATE_WINDOW_MS = 1_000;
const MIN_PROMISED_COUNT = 8;
const MAX_PROMISED_BYTES = 64 * 1024 * 1024;
const MIN_SHARE_COUNT = 2;
/** A suggestion that is not followed by then is withdrawn, and a request that does not end in the
 *  peer's telling that it has the chunk. */
const MAX_UNASKED_MS = 2_000;
const MAX_UNANNOUNCED_MS = 15_000;

interface Debt {
  isAsked: boolean;
  sinceMs: number;
}

interface Leecher {
  /** Knows that it is to follow suggestions: it has had one. */
  isSteered: boolean;
  readonly promised: Map<ChunkIndex, Debt>;
}

/**
 * What a seeder gives next, and to whom: each leecher in turn a chunk that nobody else was given, as
 * long as there is one, and never more at a time than the seeder sends soon. So it sends hardly
 * anything twice, the first copies of a chunk arrive early, and who takes long is not waited for.
 * To a lone leecher it gives whatever that one lacks. Told the time; cost does not grow with the
 * number of chunks.
 */
export class SeedPlan {
  private readonly spread: SeedSpread;
  /** In the order of their turns. */
  private readonly leechers = new Map<PeerId, Leecher>();
  private readonly rate = new PeerRate({ windowMs: RATE_WINDOW_MS });
  private readonly chunkBytes: number;
  private promisedCount = 0;
  private unsteeredCount = 0;
  /** Nobody can be given anything until something changes. */
  private isDry = false;

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
    this.leechers.set(peerId, { isSteered: false, promised: new Map() });
    this.unsteeredCount += 1;
  }

  removePeer(peerId: PeerId): void {
    this.isDry = false;
    this.spread.removePeer(peerId);
    const leecher = this.leechers.get(peerId);
    if (leecher === undefined) return;
    this.leechers.delete(peerId);
    this.promisedCount -= leecher.promised.size;
    if (!leecher.isSteered) this.unsteeredCount -= 1;
  }

  /** The peer says that it has the chunk. */
  peerHas(entry: { peerId: PeerId; chunkIndex: ChunkIndex; nowMs: number }): void {
    const { peerId, chunkIndex, nowMs } = entry;
    this.spread.peerHas(peerId, chunkIndex);
    const promised = this.leechers.get(peerId)?.promised;
    const isOurs = promised?.get(chunkIndex)?.isAsked === true;
    if (isOurs) this.rate.received({ bytes: this.chunkBytes, nowMs });
    if (promised?.delete(chunkIndex) === true) this.promisedCount -= 1;
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
    const windowCount = this.windowCount(facts.nowMs);
    const isFull = this.promisedCount >= windowCount;
    if (this.isDry || (isFull && this.unsteeredCount === 0)) return undefined;
    const shareCount = Math.max(MIN_SHARE_COUNT, Math.ceil(windowCount / this.leechers.size));
    let isDry = true;
    for (const [peerId, leecher] of this.leechers) {
      // Who has not been steered yet asks for what it likes until it hears of it.
      if (leecher.isSteered && (isFull || leecher.promised.size >= shareCount)) {
        isDry = false;
        continue;
      }
      const chunkIndex = this.choose(peerId, facts.random);
      if (chunkIndex === undefined) continue;
      this.leechers.delete(peerId);
      this.leechers.set(peerId, leecher);
      if (!leecher.isSteered) this.unsteeredCount -= 1;
      leecher.isSteered = true;
      this.promise({ peerId, chunkIndex, nowMs: facts.nowMs }, 'suggested');
      return { peerId, chunkIndex };
    }
    this.isDry = isDry;
    return undefined;
  }

  /** Takes back what was promised long ago and came to nothing: others may be given it. */
  expire(nowMs: number): void {
    for (const [peerId, { promised }] of this.leechers) {
      for (const [chunkIndex, { isAsked, sinceMs }] of promised) {
        if (nowMs - sinceMs < (isAsked ? MAX_UNANNOUNCED_MS : MAX_UNASKED_MS)) continue;
        promised.delete(chunkIndex);
        this.promisedCount -= 1;
        this.isDry = false;
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

  /** With others about, only what none of them has or was promised: they give one another the rest. */
  private choose(peerId: PeerId, random: () => number): ChunkIndex | undefined {
    const chunkIndex = this.spread.next({ peerId, random });
    if (chunkIndex === undefined || this.leechers.size === 1) return chunkIndex;
    return this.spread.copiesOf(chunkIndex) === 0 ? chunkIndex : undefined;
  }

  private windowCount(nowMs: number): number {
    const wantedBytes = this.rate.bytesPerSecond(nowMs) * AHEAD_SECONDS;
    const windowBytes = Math.min(wantedBytes, MAX_PROMISED_BYTES);
    return Math.max(MIN_PROMISED_COUNT, Math.floor(windowBytes / this.chunkBytes));
  }
}
