import { toChunkIndex, type Bitfield, type ChunkIndex, type PeerId } from '#protocol';
import { Availability } from './availability.js';
import { IndexSet } from './index-set.js';
import type { PeerChunks } from './peer-chunks.js';
import { PeerTable } from './peer-table.js';
import { RarestChoice } from './rarest-choice.js';
import { SuggestionQueue } from './suggestion-queue.js';

/** `rarestFirst` for files; `sequential` for a reader that wants the bytes in order. */
export type PickOrder = 'rarestFirst' | 'sequential';

/** missing: wanted, nobody was asked. held: kept back, being verified from disk, say. assigned:
 *  asked of at least one peer. stored: ours. */
export type ChunkState = 'missing' | 'held' | 'assigned' | 'stored';

const STATES: readonly ChunkState[] = ['missing', 'held', 'assigned', 'stored'];
const MISSING = 0;
const HELD = 1;
const ASSIGNED = 2;
const STORED = 3;

/** Chunks picked one after another for one peer, so that both ends read and write them together. */
const MAX_RUN_COUNT = 8;

interface PickerPeer {
  readonly held: PeerChunks;
  /** Undefined until it suggested something. */
  suggestions: SuggestionQueue | undefined;
  /** The version of `PiecePicker.wantedVersion` at which this peer had nothing to pick. */
  nothingAtVersion: number;
  /** The chunk picked last by rarity, and how many more may follow it. */
  runIndex: number;
  runLeftCount: number;
  /** Nothing below this index is both the peer's and not yet stored. */
  interestFromIndex: number;
}

/**
 * What to request next, of whom: the state of each chunk, and what each connected peer has of them.
 *
 * The order is what a peer suggested, then rarest first with random ties, neighbours as rare after
 * one another (or lowest first). A pick,
 * and being told a fact about one chunk, take the same time whatever the number of chunks and peers
 * and make no garbage: see RarestChoice for how; finding nothing is remembered until a chunk
 * becomes missing again or the peer gains one.
 */
export class PiecePicker {
  private readonly states: Uint8Array;
  private readonly countOf: [number, number, number, number];
  private readonly missing: IndexSet;
  private readonly unstored: IndexSet;
  private readonly availability: Availability;
  private readonly rarestChoice: RarestChoice;
  private readonly peers = new PeerTable<PickerPeer>();
  private wantedVersion = 0;
  private endIndex: number;

  constructor(private readonly options: { chunkCount: number; order: PickOrder }) {
    const { chunkCount } = options;
    this.states = new Uint8Array(chunkCount);
    this.countOf = [chunkCount, 0, 0, 0];
    this.missing = IndexSet.full(chunkCount);
    this.unstored = IndexSet.full(chunkCount);
    this.availability = new Availability({ chunkCount, open: 'all' });
    this.rarestChoice = new RarestChoice(this.availability, this.missing);
    this.endIndex = chunkCount;
  }

  get missingCount(): number {
    return this.countOf[MISSING];
  }

  get heldCount(): number {
    return this.countOf[HELD];
  }

  get assignedCount(): number {
    return this.countOf[ASSIGNED];
  }

  get storedCount(): number {
    return this.countOf[STORED];
  }

  get isComplete(): boolean {
    return this.storedCount === this.options.chunkCount;
  }

  /** Everything left was asked of somebody: duplicates may be worth their bytes. */
  get isEndgame(): boolean {
    return this.missingCount === 0 && this.assignedCount > 0;
  }

  get peerCount(): number {
    return this.peers.size;
  }

  stateOf(index: ChunkIndex): ChunkState {
    return STATES[this.stateCode(index)]!;
  }

  /** Keeps a missing chunk back from picking. Any other state stays. */
  hold(index: ChunkIndex): void {
    if (this.stateCode(index) === MISSING) this.change(index, HELD);
  }

  /** Nobody is asked for it any more, or it is no longer kept back. Missing and stored stay. */
  release(index: ChunkIndex): void {
    const state = this.stateCode(index);
    if (state !== HELD && state !== ASSIGNED) return;
    this.change(index, MISSING);
    this.wantedVersion += 1;
  }

  stored(index: ChunkIndex): void {
    if (this.stateCode(index) !== STORED) this.change(index, STORED);
  }

  /** Copies `held`; a bitfield sent again replaces the first, what was suggested stays. */
  addPeer(peerId: PeerId, held: Bitfield): void {
    const suggestions = this.peers.get(peerId)?.suggestions;
    this.removePeer(peerId);
    this.peers.set(peerId, {
      held: this.availability.join(held),
      suggestions,
      nothingAtVersion: -1,
      runIndex: 0,
      runLeftCount: 0,
      interestFromIndex: 0,
    });
  }

  removePeer(peerId: PeerId): void {
    const peer = this.peers.get(peerId);
    if (peer === undefined) return;
    this.availability.leave(peer.held);
    this.peers.delete(peerId);
  }

  /** May be told again. Throws RangeError beyond the end, for a peer that did not come complete. */
  peerHas(peerId: PeerId, index: ChunkIndex): void {
    const peer = this.peer(peerId);
    if (!this.availability.gain(peer.held, index)) return;
    if (this.states[index] === MISSING) peer.nothingAtVersion = -1;
    if (this.states[index] !== STORED && index < peer.interestFromIndex) {
      peer.interestFromIndex = index;
    }
  }

  /** The peer would like to be asked for this chunk next. A chunk beyond the end is ignored. */
  suggest(peerId: PeerId, index: ChunkIndex): void {
    if (index >= this.options.chunkCount) return;
    const peer = this.peer(peerId);
    peer.suggestions ??= new SuggestionQueue();
    peer.suggestions.push(index);
  }

  /** Chunks from `endIndex` on are not picked yet. For a `sequential` picker only. */
  limitTo(endIndex: number): void {
    if (this.options.order !== 'sequential')
      throw new Error('only a sequential picker has a limit');
    if (endIndex > this.endIndex) this.wantedVersion += 1;
    this.endIndex = endIndex;
  }

  /** A missing chunk that the peer has, now assigned. `suggested`: none but what it suggested. */
  pick(options: {
    peerId: PeerId;
    random: () => number;
    choice?: 'any' | 'suggested';
  }): ChunkIndex | undefined {
    const peer = this.peer(options.peerId);
    if (this.missingCount === 0 || peer.nothingAtVersion === this.wantedVersion) return undefined;
    let index = this.suggested(peer);
    if (index === undefined && options.choice !== 'suggested') {
      index = this.nextInOrder(peer, options.random);
      if (index === undefined) peer.nothingAtVersion = this.wantedVersion;
    }
    if (index !== undefined) this.change(index, ASSIGNED);
    return index;
  }

  /** Connected peers that have the chunk. */
  copiesOf(index: ChunkIndex): number {
    this.stateCode(index);
    return this.availability.copiesOf(index);
  }

  peerHolds(peerId: PeerId, index: ChunkIndex): boolean {
    return this.peers.get(peerId)?.held.has(index) ?? false;
  }

  /** A copy. O(chunks). */
  peerHeld(peerId: PeerId): Bitfield | undefined {
    return this.peers.get(peerId)?.held.toBitfield();
  }

  isPeerComplete(peerId: PeerId): boolean {
    return this.peers.get(peerId)?.held.isComplete ?? false;
  }

  /** Whether the peer has a chunk that we have not stored. Cheap: it remembers where it looked. */
  isInteresting(peerId: PeerId): boolean {
    const peer = this.peers.get(peerId);
    if (peer === undefined) return false;
    const index = peer.held.firstIn(this.unstored, peer.interestFromIndex);
    peer.interestFromIndex = index ?? this.options.chunkCount;
    return index !== undefined;
  }

  private peer(peerId: PeerId): PickerPeer {
    const peer = this.peers.get(peerId);
    if (peer === undefined) throw new Error(`peer ${peerId} was not added`);
    return peer;
  }

  private stateCode(index: ChunkIndex): number {
    const state = this.states[index];
    if (state === undefined) throw new RangeError(`chunk ${index} is not in the file`);
    return state;
  }

  private change(index: ChunkIndex, state: 0 | 1 | 2 | 3): void {
    this.countOf[this.states[index] as 0 | 1 | 2 | 3] -= 1;
    this.countOf[state] += 1;
    this.states[index] = state;
    if (state === STORED) this.unstored.delete(index);
    if (state === MISSING) {
      this.missing.add(index);
      this.availability.order.open(index);
    } else if (this.missing.delete(index)) {
      this.availability.order.close(index);
    }
  }

  /** Suggestions that cannot be followed now are forgotten, those beyond the limit too. */
  private suggested(peer: PickerPeer): ChunkIndex | undefined {
    let index = peer.suggestions?.shift();
    while (index !== undefined) {
      if (index < this.endIndex && this.missing.has(index) && peer.held.has(index)) return index;
      index = peer.suggestions?.shift();
    }
    return undefined;
  }

  private nextInOrder(peer: PickerPeer, random: () => number): ChunkIndex | undefined {
    if (this.options.order === 'rarestFirst') {
      return this.nextRarest(peer, random);
    }
    const index = peer.held.firstIn(this.missing, 0);
    return index === undefined || index >= this.endIndex ? undefined : toChunkIndex(index);
  }

  /** Of the rarest the neighbour of the last one, so that runs form; otherwise any. */
  private nextRarest(peer: PickerPeer, random: () => number): ChunkIndex | undefined {
    const rarest = this.rarestChoice.next(peer.held, random);
    if (rarest === undefined) return undefined;
    const next = toChunkIndex(peer.runIndex + 1);
    const { order } = this.availability;
    const isRunOn =
      peer.runLeftCount > 0 &&
      this.missing.has(next) &&
      peer.held.has(next) &&
      order.rankOf(next) <= order.rankOf(rarest);
    peer.runIndex = isRunOn ? next : rarest;
    peer.runLeftCount = isRunOn ? peer.runLeftCount - 1 : MAX_RUN_COUNT - 1;
    return toChunkIndex(peer.runIndex);
  }
}
