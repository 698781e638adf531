import {
  Bitfield,
  type ChunkIndex,
  type Digest,
  type Manifest,
  type PeerId,
  type VerifiedChunk,
} from '#protocol';
import type { ChunkRun } from '../../core/chunk-run.js';
import type { Caching } from '../../disk/chunk-store.js';
import type { Choker } from '../links/choker.js';
import type { Fetch } from './fetch.js';
import { Inbox } from './inbox.js';
import type { PeerLink } from '../links/peer-link.js';
import { Participants, type RemotePeer } from './participants.js';
import { Suggester } from './suggester.js';
import type { TransferEvent } from './transfer-event.js';

/** Where the chunks we hold are read from. Every read is checked against the manifest. */
export interface ChunkSource {
  readRun(
    run: ChunkRun,
    buffer: Buffer,
    options: { signal: AbortSignal },
  ): Promise<readonly VerifiedChunk[]>;
}

export interface TransferHost {
  readonly choker: Choker;
  chunkGained(transfer: Transfer, chunkIndex: ChunkIndex): void;
  /** What is held can no longer be read from `source`. */
  sourceFailed(transfer: Transfer, source: ChunkSource, error: Error): void;
}

/** Of every transfer that has none: a process may have a hundred thousand of those. Never written
 *  to. */
const NO_PARTICIPANTS = new Participants();

/** One manifest at this peer: what we hold of it, who else takes part, and, while something is
 *  missing, the {@link Fetch} that gets it. The only writer of that state. */
export class Transfer {
  fetch: Fetch | undefined;
  private participants = NO_PARTICIPANTS;
  private suggester: Suggester | undefined;
  private readonly inbox = new Inbox<TransferEvent>((event) => this.apply(event));

  constructor(
    readonly manifest: Manifest,
    /** Verified and stored. */
    readonly held: Bitfield,
    private source: ChunkSource | undefined,
    private readonly host: TransferHost,
  ) {}

  get digest(): Digest {
    return this.manifest.digest;
  }

  /** Who takes part at the other ends. */
  get remotes(): ReadonlyMap<PeerId, RemotePeer> {
    return this.participants.remotes;
  }

  /** Whether others may ask for the chunk: what is streamed away is not kept for them. */
  offers(chunkIndex: ChunkIndex): boolean {
    return this.source !== undefined && this.held.has(chunkIndex);
  }

  /** Something changes with time alone. */
  get isActive(): boolean {
    return this.fetch !== undefined || this.suggester !== undefined;
  }

  /** Chunks that are stored now will be read again soon when somebody lacks them. */
  get caching(): Caching {
    return this.participants.lacking.size > 0 ? 'keep' : 'skip';
  }

  heldOnWire(): 'none' | 'all' | Uint8Array {
    const held = this.heldByOwner();
    if (held.isComplete) return 'all';
    return held.count === 0 ? 'none' : held.toBytes();
  }

  /** What others may be told that this peer holds: nothing, when it is streamed away. */
  heldByOwner(): Bitfield {
    return this.source === undefined && this.manifest.chunkCount > 0
      ? Bitfield.empty(this.manifest.chunkCount)
      : this.held;
  }

  push(event: TransferEvent): void {
    this.inbox.push(event);
  }

  /** A run of an answer to one of our requests. Only counted: no event, for there are many. */
  bytesReceived(peerId: PeerId, chunkIndex: ChunkIndex, bytes: number): void {
    this.fetch?.bytesReceived(peerId, chunkIndex, bytes);
  }

  /** For others. A source that fails is reported, unless another has replaced it meanwhile. */
  async readRun(
    run: ChunkRun,
    buffer: Buffer,
    options: { signal: AbortSignal },
  ): Promise<readonly VerifiedChunk[]> {
    for (;;) {
      const { source } = this;
      if (source === undefined) throw new Error('a streamed transfer serves nothing');
      try {
        return await source.readRun(run, buffer, options);
      } catch (error) {
        if (options.signal.aborted) throw error;
        if (this.source !== source) continue;
        this.host.sourceFailed(this, source, error as Error);
        throw error;
      }
    }
  }

  /** The finished file replaces the one in progress. */
  readFrom(source: ChunkSource): void {
    this.source = source;
  }

  /** The fetch is over: what is held from now on changes no more. */
  endFetch(): void {
    this.fetch = undefined;
    for (const remote of [...this.remotes.values()]) this.weigh(remote);
  }

  /** The connection was told what we hold, and is told what we gain, until it is taken out. */
  addToAudience(link: PeerLink): void {
    this.participantsToChange().audience.add(link);
  }

  removeFromAudience(link: PeerLink): void {
    this.participants.audience.delete(link);
    this.forgetNobody();
  }

  /** A peer has been promised the chunk. */
  chunkRequested(link: PeerLink, chunkIndex: ChunkIndex): void {
    this.suggester?.chunkRequested(link, chunkIndex);
  }

  /** All of the chunk is on its way to the peer. */
  chunkSent(link: PeerLink, chunkIndex: ChunkIndex): void {
    this.suggester?.chunkSent(link.peerId, chunkIndex);
  }

  /** Leaves the swarm: every connection is told, none keeps the file. */
  leave(code: 'OK' | 'FILE_WITHDRAWN' | 'SHUTTING_DOWN'): void {
    for (const link of [...this.participants.audience]) link.closeFile(this, code);
  }

  private apply(event: TransferEvent): void {
    switch (event.type) {
      case 'peerJoined':
        this.participantsToChange().remotes.set(event.link.peerId, {
          link: event.link,
          held: Bitfield.empty(this.manifest.chunkCount),
        });
        break;
      case 'peerLeft':
        this.forget(event.peerId);
        break;
      case 'bitfieldReceived': {
        const remote = this.remotes.get(event.peerId);
        if (remote === undefined) return;
        remote.held = event.held;
        this.weigh(remote);
        break;
      }
      case 'chunksGained': {
        const remote = this.remotes.get(event.peerId);
        if (remote === undefined) return;
        for (const chunkIndex of event.chunkIndexes) {
          remote.held.set(chunkIndex);
          this.suggester?.peerHas(event.peerId, chunkIndex);
        }
        if (remote.held.isComplete) this.weigh(remote);
        break;
      }
      case 'ticked':
        this.suggester?.ticked();
        break;
      case 'chunkStored':
      case 'claimProven':
        this.gain(event.chunkIndex);
        break;
      default:
        break;
    }
    this.fetch?.apply(event);
  }

  private gain(chunkIndex: ChunkIndex): void {
    if (!this.held.set(chunkIndex)) return;
    if (this.source === undefined) return;
    for (const link of this.participants.audience) link.announceChunks(this, [chunkIndex]);
    this.host.chunkGained(this, chunkIndex);
  }

  private participantsToChange(): Participants {
    if (this.participants === NO_PARTICIPANTS) this.participants = new Participants();
    return this.participants;
  }

  private forgetNobody(): void {
    if (this.participants.isEmpty) this.participants = NO_PARTICIPANTS;
  }

  private forget(peerId: PeerId): void {
    const remote = this.remotes.get(peerId);
    if (remote === undefined) return;
    this.participants.remotes.delete(peerId);
    this.participants.lacking.delete(peerId);
    this.forgetNobody();
    this.suggester?.peerLeft(peerId);
    this.host.choker.peerLacksNothing(remote.link, this);
  }

  /** Who has everything needs no slot; two that have everything need no connection. */
  private weigh(remote: RemotePeer): void {
    if (!remote.held.isComplete) {
      if (this.source === undefined) return;
      this.participantsToChange().lacking.add(remote.link.peerId);
      if (Suggester.suits(this)) {
        this.suggester ??= new Suggester(this);
        this.suggester.peerLacks(remote.link, remote.held);
      }
      this.host.choker.peerLacks(remote.link, this);
      return;
    }
    this.participants.lacking.delete(remote.link.peerId);
    this.suggester?.peerLeft(remote.link.peerId);
    this.host.choker.peerLacksNothing(remote.link, this);
    if (this.held.isComplete && this.fetch === undefined) remote.link.closeFile(this, 'OK');
  }
}
