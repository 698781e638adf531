import {
  Bitfield,
  ProtocolError,
  verifyChunk,
  type ChunkIndex,
  type Manifest,
  type PeerId,
  type VerifiedChunk,
  type WireCode,
} from '#protocol';
import { PiecePicker, type PickOrder } from '../../core/piece-picker.js';
import type { ChunkSink } from './chunk-sink.js';
import type { FetchHost } from './fetch-host.js';
import { FetchPeer } from './fetch-peer.js';
import type { PeerLink } from '../links/peer-link.js';
import { RequestBook } from './request-book.js';
import type { TransferEvent } from './transfer-event.js';
import type { Transfer } from './transfer.js';

/** The getting half of a transfer: decides what to ask of whom, checks what comes, stores it. Only
 *  its transfer calls it, one event at a time. */
export class Fetch {
  readonly picker: PiecePicker;
  readonly bytesFromPeers = new Map<PeerId, number>();
  /** Settles when every chunk is stored, or with the error that stopped it. */
  readonly done: Promise<void>;
  chunksRejectedCount = 0;
  bytesResumed = 0;
  lastByteMs = performance.now();
  private readonly requests: RequestBook;
  private readonly peers = new Map<PeerId, FetchPeer>();
  private readonly storing = new Set<ChunkIndex>();
  private readonly writes = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private readonly manifest: Manifest;
  private isAwaitingRoom = false;
  private finish!: (error?: Error) => void;

  constructor(
    private readonly transfer: Transfer,
    private readonly sink: ChunkSink,
    private readonly host: FetchHost,
    private readonly order: PickOrder,
  ) {
    this.manifest = transfer.manifest;
    this.requests = new RequestBook(transfer, host);
    this.picker = new PiecePicker({ chunkCount: this.manifest.chunkCount, order });
    this.done = new Promise((resolve, reject) => {
      this.finish = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.done.catch(() => undefined);
    for (const chunkIndex of transfer.held.indexes()) {
      this.picker.stored(chunkIndex);
      this.bytesResumed += this.manifest.layout.lengthBytes(chunkIndex);
    }
    if (this.picker.isComplete) this.finish();
  }

  /** Peers that have something we lack. */
  get sourceCount(): number {
    let count = 0;
    for (const peerId of this.peers.keys()) if (this.picker.isInteresting(peerId)) count += 1;
    return count;
  }

  get peerCount(): number {
    return this.peers.size;
  }

  /** Aborts when the fetch is stopped before its end. */
  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  get isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Keeps claimed chunks back until they are proven or refuted. */
  holdClaims(claims: Bitfield): void {
    for (const chunkIndex of claims.indexes()) this.picker.hold(chunkIndex);
  }

  /** In order: asks for no chunk from `endIndex` on, until told a later one. */
  limitTo(endIndex: number): void {
    this.picker.limitTo(endIndex);
    this.transfer.push({ type: 'roomFreed' });
  }

  /** Ends with `error`: nothing more is asked, written or counted. */
  stop(error: Error): void {
    if (this.isStopped) return;
    this.stopping.abort(error);
    for (const peerId of [...this.peers.keys()]) this.peerLeft(peerId);
    this.finish(error);
  }

  /** Resolves when no write is under way. */
  async drained(): Promise<void> {
    await Promise.all(this.writes);
  }

  bytesReceived(peerId: PeerId, chunkIndex: ChunkIndex, bytes: number): void {
    const nowMs = performance.now();
    this.lastByteMs = nowMs;
    this.requests.progress(peerId, chunkIndex, bytes);
    this.peers.get(peerId)?.received(bytes, nowMs);
  }

  apply(event: TransferEvent): void {
    if (this.isStopped) return this.discard(event);
    switch (event.type) {
      case 'peerJoined':
        return this.peerJoined(event.link);
      case 'peerLeft':
        return this.peerLeft(event.peerId);
      case 'bitfieldReceived':
        this.picker.addPeer(event.peerId, event.held);
        return this.fillPeer(event.peerId);
      case 'chunksGained':
        for (const chunkIndex of event.chunkIndexes) this.picker.peerHas(event.peerId, chunkIndex);
        return this.fillPeer(event.peerId);
      case 'chunkSuggested':
        this.picker.suggest(event.peerId, event.chunkIndex);
        this.peers.get(event.peerId)?.suggested(performance.now());
        return this.fillPeer(event.peerId);
      case 'unchoked':
        return this.fillPeer(event.peerId);
      case 'chunkArrived':
        return this.chunkArrived(event);
      case 'requestRejected':
        return this.requestRejected(event);
      case 'chunkStored':
        this.freeBuffer(event.bytes);
        this.storing.delete(event.chunkIndex);
        this.picker.stored(event.chunkIndex);
        if (this.picker.isComplete) this.finish();
        return;
      case 'storeFailed':
        this.freeBuffer(event.bytes);
        return this.stop(event.error);
      case 'claimProven':
        this.picker.stored(event.chunkIndex);
        this.bytesResumed += this.manifest.layout.lengthBytes(event.chunkIndex);
        if (this.picker.isComplete) this.finish();
        return;
      case 'claimRefuted':
        this.picker.release(event.chunkIndex);
        return this.fillAll();
      case 'roomFreed':
        this.isAwaitingRoom = false;
        return this.fillAll();
      case 'ticked':
        return this.tick();
    }
  }

  /** What it has comes next; until then it has nothing. */
  private peerJoined(link: PeerLink): void {
    this.peers.set(link.peerId, new FetchPeer(link, this.manifest.chunkBytes));
    this.picker.addPeer(link.peerId, Bitfield.empty(this.manifest.chunkCount));
  }

  private chunkArrived(event: Extract<TransferEvent, { type: 'chunkArrived' }>): void {
    const { peerId, chunkIndex, bytes } = event;
    this.requests.arrived(peerId, chunkIndex);
    const state = this.picker.stateOf(chunkIndex);
    if (state === 'stored' || this.storing.has(chunkIndex)) {
      this.freeBuffer(bytes);
      return this.fillPeer(peerId);
    }
    let chunk: VerifiedChunk;
    try {
      chunk = verifyChunk(this.manifest, chunkIndex, bytes);
    } catch (error) {
      this.freeBuffer(bytes);
      this.chunksRejectedCount += 1;
      this.releaseUnlessAsked(chunkIndex);
      const link = this.peers.get(peerId)?.link;
      if (link !== undefined) this.host.strike(link, error as ProtocolError);
      return this.fillAll();
    }
    this.peers.get(peerId)?.link.gate?.wasGiven(this.transfer.digest);
    this.bytesFromPeers.set(peerId, (this.bytesFromPeers.get(peerId) ?? 0) + bytes.length);
    this.cancelOthers(chunkIndex);
    this.storing.add(chunkIndex);
    const { caching } = this.transfer;
    const writing = this.sink.write(chunk, { signal: this.signal, caching }).then(
      () => this.transfer.push({ type: 'chunkStored', chunkIndex, bytes }),
      (error: unknown) => this.transfer.push({ type: 'storeFailed', error: error as Error, bytes }),
    );
    this.writes.add(writing);
    void writing.finally(() => this.writes.delete(writing));
    this.fillPeer(peerId);
  }

  private requestRejected(event: Extract<TransferEvent, { type: 'requestRejected' }>): void {
    const { peerId, chunkIndex } = event;
    this.requests.rejected(peerId, chunkIndex);
    this.releaseUnlessAsked(chunkIndex);
    if (event.code === 'CHOKED' || event.code === 'TOO_MANY_REQUESTS') return;
    const link = this.peers.get(peerId)?.link;
    if (link === undefined) return;
    // It said that it has the chunk. That it cannot give it may be no fault of its own, but what it
    // does not have it must not claim.
    if (event.code !== 'CHUNK_NOT_HELD') return this.giveUp(link, event.code);
    this.host.strike(link, new ProtocolError(event.code, { chunkIndex }));
    this.fillAll();
  }

  private giveUp(link: PeerLink, code: WireCode): void {
    link.giveUp(this.transfer, code);
    this.host.doubted(link.peerId, code);
  }

  private peerLeft(peerId: PeerId): void {
    const orphans = this.requests.dropPeer(peerId);
    this.peers.delete(peerId);
    this.picker.removePeer(peerId);
    for (const chunkIndex of orphans) this.releaseUnlessAsked(chunkIndex);
    if (orphans.length > 0 && !this.isStopped) this.fillAll();
  }

  private releaseUnlessAsked(chunkIndex: ChunkIndex): void {
    const isWanted = this.picker.stateOf(chunkIndex) === 'assigned';
    if (!isWanted || this.storing.has(chunkIndex)) return;
    if (!this.requests.isAsked(chunkIndex)) this.picker.release(chunkIndex);
  }

  private cancelOthers(chunkIndex: ChunkIndex): void {
    for (const peerId of this.requests.peersAsked(chunkIndex)) {
      this.requests.cancel(this.peers.get(peerId), peerId, chunkIndex);
    }
  }

  private fillAll(): void {
    for (const peer of this.peers.values()) this.fill(peer);
  }

  private fillPeer(peerId: PeerId): void {
    const peer = this.peers.get(peerId);
    if (peer !== undefined) this.fill(peer);
  }

  /** Asks a peer for chunks until its pipeline is deep enough. */
  private fill(peer: FetchPeer): void {
    const { peerId } = peer;
    if (peer.link.isChokedByOther || this.isAwaitingRoom) return;
    if (!peer.link.carries(this.transfer)) return;
    const isSteered = this.order === 'rarestFirst' && peer.isSteering(performance.now());
    const choice = isSteered ? 'suggested' : 'any';
    while (this.requests.owedBytes(peerId) < peer.targetBytes) {
      const wake = () => this.transfer.push({ type: 'roomFreed' });
      this.isAwaitingRoom = !this.requests.takeRoom(wake);
      if (this.isAwaitingRoom) return;
      const chunkIndex =
        this.picker.pick({ peerId, choice, random: Math.random }) ??
        (isSteered ? undefined : this.duplicate(peer));
      if (chunkIndex === undefined) return this.requests.returnRoom();
      this.requests.ask(peer, chunkIndex);
    }
  }

  /** With nothing left to pick, an idle peer may give what another is slow to give. */
  private duplicate({ peerId }: FetchPeer): ChunkIndex | undefined {
    if (!this.requests.owesNothing(peerId)) return undefined;
    const isEndgame = this.picker.missingCount === 0 || this.order === 'sequential';
    const holds = (chunkIndex: ChunkIndex) =>
      !this.storing.has(chunkIndex) && this.picker.peerHolds(peerId, chunkIndex);
    return this.requests.duplicateFor(peerId, { isEndgame, holds });
  }

  private tick(): void {
    const nowMs = performance.now();
    for (const peer of [...this.peers.values()]) this.watch(peer, nowMs);
    this.fillAll();
  }

  private watch(peer: FetchPeer, nowMs: number): void {
    const verdict = peer.judge(this.requests.silentSince(peer.peerId), nowMs);
    if (verdict === 'given up') this.giveUp(peer.link, 'IDLE');
    if (verdict !== 'snubbed') return;
    this.host.doubted(peer.peerId, 'SNUBBED');
    for (const chunkIndex of this.requests.chunksAsked(peer.peerId).slice(1)) {
      this.requests.cancel(peer, peer.peerId, chunkIndex);
      this.releaseUnlessAsked(chunkIndex);
    }
  }

  private freeBuffer(bytes: Buffer): void {
    this.host.buffers.give(bytes);
    this.requests.freeRoom();
  }

  /** After the end only memory is given back. */
  private discard(event: TransferEvent): void {
    if (event.type === 'storeFailed' || event.type === 'chunkStored') this.freeBuffer(event.bytes);
    else if (event.type === 'chunkArrived') this.host.buffers.give(event.bytes);
  }
}
