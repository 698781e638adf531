import type { ChunkIndex, PeerId } from '#protocol';
import { PeerTable } from './peer-table.js';
import { TurnList, type Turn } from './turn-list.js';

/** Chunks that `duplicateFor` looks at, and those of them whose wait it compares. */
const MAX_LOOKED_AT_COUNT = 64;
const MAX_COMPARED_COUNT = 8;
/** Taken as received when a peer's speed is judged: a fresh ask is not yet a slow one. */
const HEAD_START_BYTES = 64 * 1024;

/** One chunk asked of one peer; its turn is the one among all asks of that peer. */
interface Ask extends Turn<Ask> {
  readonly debtor: Debtor;
  readonly chunk: AskedChunk;
  leftBytes: number;
  /** The next peer that was asked for the same chunk. */
  nextOfChunk: Ask | undefined;
}

/** A chunk that is owed by at least one peer. */
interface AskedChunk extends Turn<AskedChunk> {
  readonly chunkIndex: ChunkIndex;
  /** The first of its asks in the order they were made, and how many they are: hardly ever more than
   *  `maxCopies`. */
  firstAsk: Ask | undefined;
  askCount: number;
}

/** A peer that was asked. All but the first two count from when it last owed nothing. */
interface Debtor {
  readonly peerId: PeerId;
  /** In the order they were made. */
  readonly asks: TurnList<Ask>;
  askCount: number;
  busySinceMs: number;
  receivedBytes: number;
  outstandingBytes: number;
  silentSinceMs: number;
}

/**
 * Who was asked for which chunk, how much of it is still to come and since when they are silent. A
 * chunk is asked of one peer; in the endgame of up to `maxCopies`. Its size is bounded by whoever
 * asks: it has one entry for each ask that is not yet settled, and one for each peer that was asked
 * and not dropped, so that a peer with one ask at a time is not noted anew each time.
 */
export class RequestLedger {
  private readonly debtors = new PeerTable<Debtor>();
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
    const debtor = this.debtors.get(entry.peerId) ?? this.newDebtor(entry.peerId);
    const chunk = this.chunks.get(entry.chunkIndex) ?? this.newChunk(entry.chunkIndex);
    if (debtor.askCount === 0) becomeBusy(debtor, entry.nowMs);
    this.add({
      debtor,
      chunk,
      leftBytes: entry.lengthBytes,
      nextOfChunk: undefined,
      previous: undefined,
      next: undefined,
    });
    this.turns.moveToEnd(chunk);
  }

  /** Bytes arrived. For a chunk that is not owed (cancelled, say) they only prove life. */
  progress(entry: { peerId: PeerId; chunkIndex: ChunkIndex; bytes: number; nowMs: number }): void {
    const debtor = this.busyDebtor(entry.peerId);
    if (debtor === undefined) return;
    debtor.silentSinceMs = entry.nowMs;
    debtor.receivedBytes += entry.bytes;
    const ask = this.askOf(debtor, entry.chunkIndex);
    if (ask !== undefined) this.reduce(ask, Math.min(entry.bytes, ask.leftBytes));
  }

  /** Answered, rejected or cancelled: no longer owed. What is not owed is ignored. */
  settle(entry: { peerId: PeerId; chunkIndex: ChunkIndex }): void {
    const debtor = this.busyDebtor(entry.peerId);
    const ask = debtor && this.askOf(debtor, entry.chunkIndex);
    if (ask !== undefined) this.remove(ask);
  }

  /** The peer left. Returns the chunks that nobody is asked for any more. */
  dropPeer(peerId: PeerId): ChunkIndex[] {
    const debtor = this.debtors.get(peerId);
    this.debtors.delete(peerId);
    const orphans: ChunkIndex[] = [];
    for (let ask = debtor?.asks.first; ask !== undefined; ask = ask.next) {
      this.remove(ask);
      if (ask.chunk.askCount === 0) orphans.push(ask.chunk.chunkIndex);
    }
    return orphans;
  }

  /** In the order they were asked. */
  peersAsked(chunkIndex: ChunkIndex): PeerId[] {
    const peerIds: PeerId[] = [];
    let ask = this.chunks.get(chunkIndex)?.firstAsk;
    for (; ask !== undefined; ask = ask.nextOfChunk) peerIds.push(ask.debtor.peerId);
    return peerIds;
  }

  /** In the order they were asked for. */
  chunksAsked(peerId: PeerId): ChunkIndex[] {
    const chunks: ChunkIndex[] = [];
    let ask = this.debtors.get(peerId)?.asks.first;
    for (; ask !== undefined; ask = ask.next) chunks.push(ask.chunk.chunkIndex);
    return chunks;
  }

  isAsked(entry: { peerId: PeerId; chunkIndex: ChunkIndex }): boolean {
    const debtor = this.busyDebtor(entry.peerId);
    return debtor !== undefined && this.askOf(debtor, entry.chunkIndex) !== undefined;
  }

  outstandingBytes(peerId: PeerId): number {
    return this.debtors.get(peerId)?.outstandingBytes ?? 0;
  }

  outstandingCount(peerId: PeerId): number {
    return this.debtors.get(peerId)?.askCount ?? 0;
  }

  /** When the peer last sent something, or was asked while it owed nothing: whichever is later.
   *  Undefined when it owes nothing. */
  silentSince(peerId: PeerId): number | undefined {
    return this.busyDebtor(peerId)?.silentSinceMs;
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
    let best: AskedChunk | undefined;
    let bestWaitMs = minWaitMs;
    let bestLeftBytes = 0;
    let lookedAtCount = 0;
    let comparedCount = 0;
    for (let chunk = this.turns.first; chunk !== undefined; chunk = chunk.next) {
      if (lookedAtCount === MAX_LOOKED_AT_COUNT || comparedCount === MAX_COMPARED_COUNT) break;
      const { chunkIndex } = chunk;
      lookedAtCount += 1;
      if (chunk.askCount >= this.options.maxCopies) continue;
      if (this.isAsked({ peerId, chunkIndex }) || !options.holds(chunkIndex)) continue;
      comparedCount += 1;
      const waitMs = expectedWaitMs(chunk, nowMs);
      if (waitMs < bestWaitMs) continue;
      const leftBytes = fewestLeftBytes(chunk);
      if (best !== undefined && waitMs === bestWaitMs && leftBytes < bestLeftBytes) continue;
      best = chunk;
      bestWaitMs = waitMs;
      bestLeftBytes = leftBytes;
    }
    return best?.chunkIndex;
  }

  /** Undefined for a peer that owes nothing. */
  private busyDebtor(peerId: PeerId): Debtor | undefined {
    const debtor = this.debtors.get(peerId);
    return debtor?.askCount === 0 ? undefined : debtor;
  }

  private askOf(debtor: Debtor, chunkIndex: ChunkIndex): Ask | undefined {
    let ask = this.chunks.get(chunkIndex)?.firstAsk;
    while (ask !== undefined && ask.debtor !== debtor) ask = ask.nextOfChunk;
    return ask;
  }

  private newDebtor(peerId: PeerId): Debtor {
    const debtor: Debtor = {
      peerId,
      asks: new TurnList(),
      askCount: 0,
      busySinceMs: 0,
      receivedBytes: 0,
      outstandingBytes: 0,
      silentSinceMs: 0,
    };
    this.debtors.set(peerId, debtor);
    return debtor;
  }

  private newChunk(chunkIndex: ChunkIndex): AskedChunk {
    const chunk: AskedChunk = {
      chunkIndex,
      firstAsk: undefined,
      askCount: 0,
      previous: undefined,
      next: undefined,
    };
    this.chunks.set(chunkIndex, chunk);
    this.turns.append(chunk);
    return chunk;
  }

  private add(ask: Ask): void {
    const { chunk, debtor } = ask;
    let last = chunk.firstAsk;
    while (last?.nextOfChunk !== undefined) last = last.nextOfChunk;
    if (last === undefined) chunk.firstAsk = ask;
    else last.nextOfChunk = ask;
    chunk.askCount += 1;
    debtor.asks.append(ask);
    debtor.askCount += 1;
    debtor.outstandingBytes += ask.leftBytes;
    this.totalBytes += ask.leftBytes;
  }

  private reduce(ask: Ask, bytes: number): void {
    ask.leftBytes -= bytes;
    ask.debtor.outstandingBytes -= bytes;
    this.totalBytes -= bytes;
  }

  private remove(ask: Ask): void {
    const { chunk, debtor } = ask;
    this.reduce(ask, ask.leftBytes);
    debtor.asks.detach(ask);
    debtor.askCount -= 1;
    let before = chunk.firstAsk!;
    if (before === ask) {
      chunk.firstAsk = ask.nextOfChunk;
    } else {
      while (before.nextOfChunk !== ask) before = before.nextOfChunk!;
      before.nextOfChunk = ask.nextOfChunk;
    }
    chunk.askCount -= 1;
    if (chunk.askCount > 0) return;
    this.chunks.delete(chunk.chunkIndex);
    this.turns.detach(chunk);
  }
}

/** It owed nothing, and is asked for something. */
function becomeBusy(debtor: Debtor, nowMs: number): void {
  debtor.busySinceMs = nowMs;
  debtor.receivedBytes = 0;
  debtor.silentSinceMs = nowMs;
}

/** Of the peer that is expected to send the chunk first. */
function expectedWaitMs(chunk: AskedChunk, nowMs: number): number {
  let waitMs = Infinity;
  for (let ask = chunk.firstAsk; ask !== undefined; ask = ask.nextOfChunk) {
    waitMs = Math.min(waitMs, drainMs(ask.debtor, nowMs));
  }
  return waitMs;
}

/** Of the peer that has sent most of the chunk. */
function fewestLeftBytes(chunk: AskedChunk): number {
  let leftBytes = Infinity;
  for (let ask = chunk.firstAsk; ask !== undefined; ask = ask.nextOfChunk) {
    leftBytes = Math.min(leftBytes, ask.leftBytes);
  }
  return leftBytes;
}

/** How long the peer has been silent, and how long all that it owes takes at the speed it has had
 *  since it was last idle. */
function drainMs(debtor: Debtor, nowMs: number): number {
  const busyMs = nowMs - debtor.busySinceMs;
  const owedMs = (debtor.outstandingBytes * busyMs) / (debtor.receivedBytes + HEAD_START_BYTES);
  return nowMs - debtor.silentSinceMs + owedMs;
}
