import type { ChunkIndex, PeerId } from '#protocol';
import { RequestLedger } from '../../core/request-ledger.js';
import type { ByteBudget } from '../budget/byte-budget.js';
import type { FetchPeer } from './fetch-peer.js';
import { ENDGAME_WAIT_MS, MAX_ENDGAME_COPIES, SNUB_MS } from '../peer-config.js';
import type { RateGate } from '../budget/rate-gate.js';
import type { Transfer } from './transfer.js';

/** What a fetch has asked of whom, and the memory that it may use for the answers. A request counts
 *  as a whole chunk, the short last one of several too, from the asking until its bytes are stored
 *  or gone. */
export class RequestBook {
  private readonly ledger = new RequestLedger({ maxCopies: MAX_ENDGAME_COPIES });
  private readonly chunkBytes: number;

  constructor(
    private readonly transfer: Transfer,
    private readonly limits: { inflightBudget: ByteBudget; downGate: RateGate },
  ) {
    const { chunkBytes, sizeBytes } = transfer.manifest;
    this.chunkBytes = Math.min(chunkBytes, sizeBytes);
  }

  owedBytes(peerId: PeerId): number {
    return this.ledger.outstandingBytes(peerId);
  }

  owesNothing(peerId: PeerId): boolean {
    return this.ledger.outstandingCount(peerId) === 0;
  }

  silentSince(peerId: PeerId): number | undefined {
    return this.ledger.silentSince(peerId);
  }

  isAsked(chunkIndex: ChunkIndex): boolean {
    return this.ledger.peersAsked(chunkIndex).length > 0;
  }

  peersAsked(chunkIndex: ChunkIndex): readonly PeerId[] {
    return this.ledger.peersAsked(chunkIndex);
  }

  chunksAsked(peerId: PeerId): readonly ChunkIndex[] {
    return this.ledger.chunksAsked(peerId);
  }

  /** Makes room for one answer; when there is none, `wake` is called once there may be. */
  takeRoom(wake: () => void): boolean {
    const { inflightBudget, downGate } = this.limits;
    if (!inflightBudget.tryTake(this.chunkBytes)) {
      inflightBudget.onceFreed(wake);
      return false;
    }
    if (downGate.tryPass(this.chunkBytes, wake)) return true;
    this.freeRoom();
    return false;
  }

  freeRoom(): void {
    this.limits.inflightBudget.release(this.chunkBytes);
  }

  /** Nothing is asked for with the room that was taken. */
  returnRoom(): void {
    this.limits.downGate.giveBack(this.chunkBytes);
    this.freeRoom();
  }

  /** The caller has taken room for it. */
  ask(peer: FetchPeer, chunkIndex: ChunkIndex): void {
    const { peerId } = peer;
    const lengthBytes = this.transfer.manifest.layout.lengthBytes(chunkIndex);
    this.limits.downGate.giveBack(this.chunkBytes - lengthBytes);
    this.ledger.ask({ peerId, chunkIndex, lengthBytes, nowMs: performance.now() });
    peer.link.requestChunk(this.transfer, chunkIndex);
  }

  progress(peerId: PeerId, chunkIndex: ChunkIndex, bytes: number): void {
    this.ledger.progress({ peerId, chunkIndex, bytes, nowMs: performance.now() });
  }

  /** The whole answer is in memory, which still counts. */
  arrived(peerId: PeerId, chunkIndex: ChunkIndex): void {
    this.ledger.settle({ peerId, chunkIndex });
  }

  rejected(peerId: PeerId, chunkIndex: ChunkIndex): void {
    this.ledger.settle({ peerId, chunkIndex });
    this.freeRoom();
  }

  cancel(peer: FetchPeer | undefined, peerId: PeerId, chunkIndex: ChunkIndex): void {
    this.rejected(peerId, chunkIndex);
    peer?.link.cancelChunk(this.transfer, chunkIndex);
  }

  /** The chunks that nobody is asked for any more. */
  dropPeer(peerId: PeerId): readonly ChunkIndex[] {
    for (let count = this.ledger.outstandingCount(peerId); count > 0; count -= 1) this.freeRoom();
    return this.ledger.dropPeer(peerId);
  }

  /** A chunk that another peer is expected to owe for a while: near the end for a short one. */
  duplicateFor(
    peerId: PeerId,
    { isEndgame, holds }: { isEndgame: boolean; holds: (chunkIndex: ChunkIndex) => boolean },
  ): ChunkIndex | undefined {
    const nowMs = performance.now();
    const minWaitMs = isEndgame ? ENDGAME_WAIT_MS : SNUB_MS;
    return this.ledger.duplicateFor({ peerId, holds, nowMs, minWaitMs });
  }
}
