import type { ChunkIndex, PeerId } from '#protocol';
import { TurnList, type Turn } from './turn-list.js';

/** Chunks that `duplicateFor` looks at, and those of them whose wait it compares. */
const MAX_LOOKED_AT_COUNT = 64;
const MAX_COMPARED_COUNT = 8;
/** Taken as received when a peer's speed is judged: a fresh ask is not yet a slow one. */
const HEAD_START_BYTES = 64 * 1024;

/** One chunk asked of one peer. */
interface Ask {
  readonly debtor: Debtor;
  readonly chunk: AskedChunk;
  leftBytes: number;
}

/** A chunk that is owed by at least one peer. */
interface AskedChunk extends Turn<AskedChunk> {
  readonly chunkIndex: ChunkIndex;
  /** In the order they were made. */
  readonly asks: Ask[];
}

/** A peer that owes us bytes. */
interface Debtor {
  readonly peerId: PeerId;
  readonly asks: Map<ChunkIndex, Ask>;
  readonly busySinceMs: number;
  receivedBytes: number;
  outstandingBytes: number;
  silentSinceMs: number;
}

/**
 * Who was asked for which chunk, how much of it is still to come and since when they are silent. A
 * chunk is asked of one peer; in the endgame of up to `maxCopies`. Its size is bounded by whoever
 * asks: it has one entry for each ask that is not yet settled.
 */
export class RequestLedger {
  private readonly debtors = new Map<PeerId, Debtor>();
  private readonly chunks = new Map<ChunkIndex, AskedChunk>();
  /** The chunk whose last ask is oldest comes first. */
  private readonly turns = new TurnList<AskedChunk>();
  private totalBytes = 0;

  constructor(private readonly options: { maxCopies: number }) {}

  get totalOutstandingBytes(): number {
    return this.totalBytes;
  }

  /** The chunk, or `lengthBytes` of it, was asked of the peer; asking again replaces the first. */
  ask(entry: { peerId: PeerId; chunkIndex: ChunkIndex; lengthBytes: number; nowMs: number }): void {
    this.settle(entry);
    const debtor = this.debtors.get(entry.peerId) ?? this.newDebtor(entry.peerId, entry.nowMs);
    const chunk = this.chunks.get(entry.chunkIndex) ?? this.newChunk(entry.chunkIndex);
    const ask = { debtor, chunk, leftBytes: entry.lengthBytes };
    chunk.asks.push(ask);
    this.turns.moveToEnd(chunk);
    debtor.asks.set(entry.chunkIndex, ask);
    debtor.outstandingBytes += entry.lengthBytes;
    this.totalBytes += entry.lengthBytes;
  }

  /** Bytes arrived. For a chunk that is not owed (cancelled, say) they only prove life. */
  progress(entry: { peerId: PeerId; chunkIndex: ChunkIndex; bytes: number; nowMs: number }): void {
    const debtor = this.debtors.get(entry.peerId);
    if (debtor === undefined) return;
    debtor.silentSinceMs = entry.nowMs;
    debtor.receivedBytes += entry.bytes;
    const ask = debtor.asks.get(entry.chunkIndex);
    if (ask !== undefined) this.reduce(ask, Math.min(entry.bytes, ask.leftBytes));
  }

  /** Answered, rejected or cancelled: no longer owed. What is not owed is ignored. */
  settle(entry: { peerId: PeerId; chunkIndex: ChunkIndex }): void {
    const debtor = this.debtors.get(entry.peerId);
    const ask = debtor?.asks.get(entry.chunkIndex);
    if (debtor === undefined || ask === undefined) return;
    this.remove(ask);
    debtor.asks.delete(entry.chunkIndex);
    if (debtor.asks.size === 0) this.debtors.delete(entry.peerId);
  }

  /** The peer left. Returns the chunks that nobody is asked for any more. */
  dropPeer(peerId: PeerId): ChunkIndex[] {
    const debtor = this.debtors.get(peerId);
    if (debtor === undefined) return [];
    this.debtors.delete(peerId);
    const orphans: ChunkIndex[] = [];
    for (const ask of debtor.asks.values()) {
      this.remove(ask);
      if (ask.chunk.asks.length === 0) orphans.push(ask.chunk.chunkIndex);
    }
    return orphans;
  }

  /** In the order they were asked. */
  peersAsked(chunkIndex: ChunkIndex): PeerId[] {
    return this.chunks.get(chunkIndex)?.asks.map((ask) => ask.debtor.peerId) ?? [];
  }

  /** In the order they were asked for. */
  chunksAsked(peerId: PeerId): ChunkIndex[] {
    return [...(this.debtors.get(peerId)?.asks.keys() ?? [])];
  }

  isAsked(entry: { peerId: PeerId; chunkIndex: ChunkIndex }): boolean {
    return this.debtors.get(entry.peerId)?.asks.has(entry.chunkIndex) ?? false;
  }

  outstandingBytes(peerId: PeerId): number {
    return this.debtors.get(peerId)?.outstandingBytes ?? 0;
  }

  outstandingCount(peerId: PeerId): number {
    return this.debtors.get(peerId)?.asks.size ?? 0;
  }

  /** When the peer last sent something, or was asked while it owed nothing: whichever is later.
   *  Undefined when it owes nothing. */
  silentSince(peerId: PeerId): number | undefined {
    return this.debtors.get(peerId)?.silentSinceMs;
  }

  /**
   * The chunk whose second copy saves most: one that this peer has and was not asked for, that fewer
   * than `maxCopies` peers were asked for, and that is expected to take longest where it was asked;
   * among equals the one with most bytes left, then the last asked. `minWaitMs` (0) leaves alone
   * what is expected sooner. Compares MAX_COMPARED_COUNT chunks, those whose last ask is oldest, which
   * slow peers owe; what was asked again lately does not stand in front of what was not.
   */
  duplicateFor(options: {
    peerId: PeerId;
    holds: (chunkIndex: ChunkIndex) => boolean;
    nowMs: number;
    minWaitMs?: number;
  }): ChunkIndex | undefined {
    const { peerId, nowMs, minWaitMs = 0 } = options;
    let best: { chunkIndex: ChunkIndex; waitMs: number; leftBytes: number } | undefined;
    let lookedAtCount = 0;
    let comparedCount = 0;
    for (let chunk = this.turns.first; chunk !== undefined; chunk = chunk.next) {
      if (lookedAtCount === MAX_LOOKED_AT_COUNT || comparedCount === MAX_COMPARED_COUNT) break;
      const { chunkIndex, asks } = chunk;
      lookedAtCount += 1;
      if (asks.length >= this.options.maxCopies) continue;
      if (this.isAsked({ peerId, chunkIndex }) || !options.holds(chunkIndex)) continue;
      comparedCount += 1;
      let waitMs = Infinity;
      let leftBytes = Infinity;
      for (const ask of asks) {
        waitMs = Math.min(waitMs, expectedWaitMs(ask.debtor, nowMs));
        leftBytes = Math.min(leftBytes, ask.leftBytes);
      }
      if (waitMs < minWaitMs) continue;
      if (best !== undefined && waitMs < best.waitMs) continue;
      if (best?.waitMs === waitMs && leftBytes < best.leftBytes) continue;
      best = { chunkIndex, waitMs, leftBytes };
    }
    return best?.chunkIndex;
  }

  private newDebtor(peerId: PeerId, nowMs: number): Debtor {
    const debtor: Debtor = {
      peerId,
      asks: new Map(),
      busySinceMs: nowMs,
      receivedBytes: 0,
      outstandingBytes: 0,
      silentSinceMs: nowMs,
    };
    this.debtors.set(peerId, debtor);
    return debtor;
  }

  private newChunk(chunkIndex: ChunkIndex): AskedChunk {
    const chunk: AskedChunk = { chunkIndex, asks: [], previous: undefined, next: undefined };
    this.chunks.set(chunkIndex, chunk);
    this.turns.append(chunk);
    return chunk;
  }

  private reduce(ask: Ask, bytes: number): void {
    ask.leftBytes -= bytes;
    ask.debtor.outstandingBytes -= bytes;
    this.totalBytes -= bytes;
  }

  /** Takes an ask out of everything but its debtor's own list. */
  private remove(ask: Ask): void {
    this.reduce(ask, ask.leftBytes);
    const { asks, chunkIndex } = ask.chunk;
    asks.splice(asks.indexOf(ask), 1);
    if (asks.length > 0) return;
    this.chunks.delete(chunkIndex);
    this.turns.detach(ask.chunk);
  }
}

/** How long the peer has been silent, and how long all that it owes takes at the speed it has had
 *  since it was last idle. */
function expectedWaitMs(debtor: Debtor, nowMs: number): number {
  const busyMs = nowMs - debtor.busySinceMs;
  const drainMs = (debtor.outstandingBytes * busyMs) / (debtor.receivedBytes + HEAD_START_BYTES);
  return nowMs - debtor.silentSinceMs + drainMs;
}
