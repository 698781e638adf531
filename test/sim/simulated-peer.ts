import { Bitfield, toChunkIndex, type ChunkIndex, type PeerId } from '#protocol';
import { BanLedger } from '../../apps/peer/src/core/ban-ledger.js';
import { PiecePicker } from '../../apps/peer/src/core/piece-picker.js';
import { PipelineDepth } from '../../apps/peer/src/core/pipeline-depth.js';
import { RequestLedger } from '../../apps/peer/src/core/request-ledger.js';
import type { PeerChunks } from '../../apps/peer/src/core/peer-chunks.js';
import { SeedSpread } from '../../apps/peer/src/core/seed-spread.js';
import { UploadSlots } from '../../apps/peer/src/core/upload-slots.js';
import { UploadQueue } from './upload-queue.js';

export const CHUNK_BYTES = 256 * 1024;
const MAX_COPIES = 2;
const MAX_PIPELINE_BYTES = 16 * CHUNK_BYTES;
/** Chunks that a seeder has suggested to, or is sending to, one peer. */
const MAX_PROMISED_COUNT = 6;

export interface SimulatedPeerOptions {
  readonly peerId: PeerId;
  readonly chunkCount: number;
  readonly start: 'complete' | 'empty';
  readonly suggestions: 'sent' | 'notSent';
  /** A `corrupt` peer sends wrong bytes. */
  readonly honesty: 'honest' | 'corrupt';
  readonly upBytesPerStep: number;
  readonly maxSlotCount: number;
  readonly random: () => number;
}

/** One connection, seen from one of its ends. */
interface Link {
  readonly remote: SimulatedPeer;
  readonly depth: PipelineDepth;
  /** Suggested to the remote or asked by it, and not yet sent. */
  readonly promised: Set<ChunkIndex>;
  /** The remote in our `spread`. */
  readonly spreadPeer: PeerChunks | undefined;
  receivedBytes: number;
}

/** A peer around the real core. Messages are method calls that arrive at once; bytes take time. */
export class SimulatedPeer {
  readonly picker: PiecePicker;
  readonly ledger = new RequestLedger({ maxCopies: MAX_COPIES });
  readonly bans = new BanLedger();
  readonly links = new Map<PeerId, Link>();
  readonly slots: UploadSlots;
  sentBytes = 0;
  wastedBytes = 0;
  private readonly uploads = new UploadQueue<SimulatedPeer>();
  private readonly spread: SeedSpread | undefined;

  constructor(readonly options: SimulatedPeerOptions) {
    const { chunkCount, start, maxSlotCount } = options;
    this.picker = new PiecePicker({ chunkCount, order: 'rarestFirst' });
    this.slots = new UploadSlots({ maxSlotCount, optimisticMs: 3_000, rebalanceMs: 1_000 });
    if (start === 'empty') return;
    for (let index = 0; index < chunkCount; index += 1) this.picker.stored(toChunkIndex(index));
    if (options.suggestions === 'sent') {
      this.spread = new SeedSpread({ held: Bitfield.full(chunkCount) });
    }
  }

  get peerId(): PeerId {
    return this.options.peerId;
  }

  get held(): Bitfield {
    const held = Bitfield.empty(this.options.chunkCount);
    for (let index = 0; index < held.length; index += 1) {
      if (this.has(toChunkIndex(index))) held.set(toChunkIndex(index));
    }
    return held;
  }

  has(index: ChunkIndex): boolean {
    return this.picker.stateOf(index) === 'stored';
  }

  connected(remote: SimulatedPeer): void {
    const depth = new PipelineDepth({ chunkBytes: CHUNK_BYTES, maxBytes: MAX_PIPELINE_BYTES });
    const spreadPeer = this.spread?.addPeer(remote.held);
    const promised = new Set<ChunkIndex>();
    this.links.set(remote.peerId, { remote, depth, promised, spreadPeer, receivedBytes: 0 });
    this.picker.addPeer(remote.peerId, remote.held);
  }

  disconnected(remote: SimulatedPeer): void {
    for (const index of this.ledger.dropPeer(remote.peerId)) this.picker.release(index);
    this.uploads.removeAll(remote);
    const spreadPeer = this.links.get(remote.peerId)?.spreadPeer;
    if (spreadPeer !== undefined) this.spread?.removePeer(spreadPeer);
    this.links.delete(remote.peerId);
    this.picker.removePeer(remote.peerId);
    this.slots.peerLeft(remote.peerId);
  }

  /** Interest and slots for this step. */
  rebalance(nowMs: number): void {
    for (const { remote } of this.links.values()) {
      if (remote.picker.isInteresting(this.peerId)) this.slots.peerInterested(remote.peerId, nowMs);
      else this.slots.peerNotInterested(remote.peerId);
    }
    const bytesFrom = (peerId: PeerId) => this.links.get(peerId)!.receivedBytes;
    const changes = this.slots.rebalance({ nowMs, random: this.options.random, bytesFrom });
    for (const peerId of changes.choke) this.choke(this.links.get(peerId)!);
    for (const { remote } of this.links.values()) {
      if (this.slots.isUnchoked(remote.peerId)) this.suggest(remote);
    }
  }

  /** Asks every peer that unchoked us for as much as its pipeline takes. */
  fillPipelines(nowMs: number): void {
    if (this.picker.isComplete) return;
    for (const link of this.links.values()) {
      if (!link.remote.slots.isUnchoked(this.peerId)) continue;
      const peerId = link.remote.peerId;
      while (this.ledger.outstandingBytes(peerId) < link.depth.targetBytes) {
        const chunkIndex =
          this.picker.pick({ peerId, random: this.options.random }) ??
          this.duplicate(peerId, nowMs);
        if (chunkIndex === undefined) break;
        this.ledger.ask({ peerId, chunkIndex, lengthBytes: CHUNK_BYTES, nowMs });
        link.remote.requested(this, chunkIndex);
      }
    }
  }

  /** Sends what its link allows in one step: a whole chunk to each peer in turn, so that the first
   *  are complete, and passed on, early. */
  transmit(nowMs: number): void {
    let budgetBytes = this.options.upBytesPerStep;
    while (budgetBytes > 0) {
      const upload = this.uploads.next();
      if (upload === undefined) return;
      const bytes = Math.min(budgetBytes, upload.leftBytes);
      budgetBytes -= bytes;
      upload.leftBytes -= bytes;
      this.sentBytes += bytes;
      if (upload.leftBytes === 0) {
        this.uploads.remove(upload);
        this.links.get(upload.remote.peerId)!.promised.delete(upload.chunkIndex);
      }
      upload.remote.received(this, { ...upload, bytes, nowMs });
    }
  }

  private duplicate(peerId: PeerId, nowMs: number): ChunkIndex | undefined {
    if (!this.picker.isEndgame) return undefined;
    const holds = (index: ChunkIndex) => this.picker.peerHolds(peerId, index);
    return this.ledger.duplicateFor({ peerId, holds, nowMs, minWaitMs: 500 });
  }

  private requested(remote: SimulatedPeer, chunkIndex: ChunkIndex): void {
    if (!this.has(chunkIndex)) throw new Error(`${this.peerId} was asked for what it has not`);
    this.uploads.add({ remote, chunkIndex, leftBytes: CHUNK_BYTES });
    this.promise(remote.peerId, chunkIndex);
  }

  private promise(peerId: PeerId, chunkIndex: ChunkIndex): void {
    const { promised, spreadPeer } = this.links.get(peerId)!;
    promised.add(chunkIndex);
    if (spreadPeer !== undefined) this.spread?.given(spreadPeer, chunkIndex);
  }

  private suggest(remote: SimulatedPeer): void {
    const { promised, spreadPeer } = this.links.get(remote.peerId)!;
    if (this.spread === undefined || spreadPeer === undefined) return;
    while (promised.size < MAX_PROMISED_COUNT) {
      const chunkIndex = this.spread.next(spreadPeer, this.options.random);
      if (chunkIndex === undefined) return;
      this.promise(remote.peerId, chunkIndex);
      remote.picker.suggest(this.peerId, chunkIndex);
    }
  }

  private choke(link: Link): void {
    const { promised, spreadPeer } = link;
    for (const chunkIndex of spreadPeer === undefined ? [] : promised) {
      if (!link.remote.has(chunkIndex)) this.spread?.withdrawn(spreadPeer!, chunkIndex);
    }
    link.promised.clear();
    for (const upload of this.uploads.removeAll(link.remote)) {
      link.remote.notAnswered(this.peerId, upload.chunkIndex);
    }
  }

  private notAnswered(peerId: PeerId, chunkIndex: ChunkIndex): void {
    this.ledger.settle({ peerId, chunkIndex });
    if (this.ledger.peersAsked(chunkIndex).length === 0) this.picker.release(chunkIndex);
  }

  private received(
    from: SimulatedPeer,
    part: { chunkIndex: ChunkIndex; bytes: number; leftBytes: number; nowMs: number },
  ): void {
    const { chunkIndex } = part;
    const link = this.links.get(from.peerId)!;
    this.ledger.progress({ peerId: from.peerId, ...part });
    link.depth.received(part);
    link.receivedBytes += part.bytes;
    if (part.leftBytes > 0) return;
    this.ledger.settle({ peerId: from.peerId, chunkIndex });
    if (from.options.honesty === 'corrupt') this.refuse(from, chunkIndex, part.nowMs);
    else this.store(chunkIndex);
  }

  private refuse(from: SimulatedPeer, chunkIndex: ChunkIndex, nowMs: number): void {
    this.wastedBytes += CHUNK_BYTES;
    if (this.ledger.peersAsked(chunkIndex).length === 0) this.picker.release(chunkIndex);
    const verdict = this.bans.strike({ peerId: from.peerId, code: 'CHUNK_HASH_MISMATCH', nowMs });
    if (verdict === 'struck') return;
    from.disconnected(this);
    this.disconnected(from);
  }

  private store(chunkIndex: ChunkIndex): void {
    this.picker.stored(chunkIndex);
    for (const peerId of this.ledger.peersAsked(chunkIndex)) {
      this.ledger.settle({ peerId, chunkIndex });
      this.wastedBytes += this.links.get(peerId)!.remote.cancelled(this, chunkIndex);
    }
    for (const { remote } of this.links.values()) remote.told(this.peerId, chunkIndex);
  }

  /** Returns the bytes that were sent in vain. */
  private cancelled(remote: SimulatedPeer, chunkIndex: ChunkIndex): number {
    const upload = this.uploads.of(remote).find((other) => other.chunkIndex === chunkIndex)!;
    this.uploads.remove(upload);
    this.links.get(remote.peerId)!.promised.delete(chunkIndex);
    return CHUNK_BYTES - upload.leftBytes;
  }

  private told(peerId: PeerId, chunkIndex: ChunkIndex): void {
    this.picker.peerHas(peerId, chunkIndex);
    const { promised, spreadPeer } = this.links.get(peerId)!;
    if (spreadPeer !== undefined) this.spread?.peerHas(spreadPeer, chunkIndex);
    promised.delete(chunkIndex);
  }
}
