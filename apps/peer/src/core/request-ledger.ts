import type { ChunkIndex, PeerId } from '#protocol';

/** Asks that `duplicateFor` looks at, the oldest first. */
const MAX_SCAN_COUNT = 256;
/** Taken as received when a peer's speed is judged: a fresh ask is not yet a slow one. */
const HEAD_START_BYTES = 64 * 1024;

/** One chunk asked of one peer. */
interface Ask {
  readonly debtor: Debtor;
  readonly chunkIndex: ChunkIndex;
  leftBytes: number;
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
  private readonly asksOf = new Map<ChunkIndex, Ask[]>();
  private totalBytes = 0;

  constructor(private readonly options: { maxCopies: number }) {}

  get totalOutstandingBytes(): number {
    return this.totalBytes;
  }

  /** The chunk, or `lengthBytes` of it, was asked of the peer; asking again replaces the first. */
  ask(entry: { peerId: PeerId; chunkIndex: ChunkIndex; lengthBytes: number; nowMs: number }): void {
    this.settle(entry);
    const debtor = this.debtors.get(entry.peerId) ?? this.newDebtor(entry.peerId, entry.nowMs);
    const ask = { debtor, chunkIndex: entry.chunkIndex, leftBytes: entry.lengthBytes };
    debtor.asks.set(entry.chunkIndex, ask);
    debtor.outstandingBytes += entry.lengthBytes;
    this.totalBytes += entry.lengthBytes;
    const asks = this.asksOf.get(entry.chunkIndex);
    if (asks === undefined) this.asksOf.set(entry.chunkIndex, [ask]);
    else asks.push(ask);
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
      if (!this.asksOf.has(ask.chunkIndex)) orphans.push(ask.chunkIndex);
    }
    return orphans;
  }

  /** In the order they were asked. */
  peersAsked(chunkIndex: ChunkIndex): PeerId[] {
    return (this.asksOf.get(chunkIndex) ?? []).map((ask) => ask.debtor.peerId);
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
   * what is expected sooner. Looks at the MAX_SCAN_COUNT chunks that were asked for first.
   */
  duplicateFor(options: {
    peerId: PeerId;
    holds: (chunkIndex: ChunkIndex) => boolean;
    nowMs: number;
    minWaitMs?: number;
  }): ChunkIndex | undefined {
    let best: { chunkIndex: ChunkIndex; waitMs: number; leftBytes: number } | undefined;
    let scanCount = 0;
    for (const [chunkIndex, asks] of this.asksOf) {
      if (scanCount === MAX_SCAN_COUNT) break;
      scanCount += 1;
      if (asks.length >= this.options.maxCopies) continue;
      let isAsked = false;
      let waitMs = Infinity;
      let leftBytes = Infinity;
      for (const ask of asks) {
        isAsked ||= ask.debtor.peerId === options.peerId;
        waitMs = Math.min(waitMs, expectedWaitMs(ask.debtor, options.nowMs));
        leftBytes = Math.min(leftBytes, ask.leftBytes);
      }
      if (isAsked || waitMs < (options.minWaitMs ?? 0)) continue;
      if (best !== undefined && waitMs < best.waitMs) continue;
      if (best?.waitMs === waitMs && leftBytes < best.leftBytes) continue;
      if (options.holds(chunkIndex)) best = { chunkIndex, waitMs, leftBytes };
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

  private reduce(ask: Ask, bytes: number): void {
    ask.leftBytes -= bytes;
    ask.debtor.outstandingBytes -= bytes;
    this.totalBytes -= bytes;
  }

  /** Takes an ask out of everything but its debtor's own list. */
  private remove(ask: Ask): void {
    this.reduce(ask, ask.leftBytes);
    const asks = this.asksOf.get(ask.chunkIndex)!;
    asks.splice(asks.indexOf(ask), 1);
    if (asks.length === 0) this.asksOf.delete(ask.chunkIndex);
  }
}

/** How long the peer has been silent, and how long all that it owes takes at the speed it has had
 *  since it was last idle. */
function expectedWaitMs(debtor: Debtor, nowMs: number): number {
  const busyMs = nowMs - debtor.busySinceMs;
  const drainMs = (debtor.outstandingBytes * busyMs) / (debtor.receivedBytes + HEAD_START_BYTES);
  return nowMs - debtor.silentSinceMs + drainMs;
}
