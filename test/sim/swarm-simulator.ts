import type { PeerId } from '#protocol';
import { seededRandom } from './seeded-random.js';
import { CHUNK_BYTES, SimulatedPeer, type SimulatedPeerOptions } from './simulated-peer.js';

const STEP_MS = 50;

export interface SwarmOptions {
  readonly seed: number;
  readonly chunkCount: number;
  readonly leecherCount: number;
  readonly seederCount: number;
  /** Connections that each joining leecher opens to peers that came before it. */
  readonly dialCount: number;
  readonly suggestions: SimulatedPeerOptions['suggestions'];
  /** Leechers that send wrong bytes. */
  readonly corruptCount?: number;
  readonly maxSlotCount?: number;
}

export interface SwarmResult {
  /** Honest peers that are here at the end and have the file, seeders included. */
  readonly finishedCount: number;
  readonly stepCount: number;
  /** Steps in which one link sends the file once: the fluid bound for a lone seeder. */
  readonly boundStepCount: number;
  /** Bytes the seeders sent, in file sizes. */
  readonly seederCopies: number;
  /** Bytes that arrived in vain, as a part of all. */
  readonly wastedShare: number;
}

/**
 * A swarm of simulated peers around the real core, in steps of 50 ms; every link sends one chunk a
 * step and receives without limit. Everything that happens follows from the options, seed included.
 */
export class SwarmSimulator {
  readonly peers: SimulatedPeer[] = [];
  private readonly random: () => number;
  private readonly seeders: readonly SimulatedPeer[];
  private steps = 0;

  constructor(private readonly options: SwarmOptions) {
    this.random = seededRandom(options.seed);
    const total = options.seederCount + options.leecherCount;
    for (let nth = 0; nth < total; nth += 1) this.peers.push(this.newPeer(nth));
    this.seeders = this.peers.slice(0, options.seederCount);
    this.peers.forEach((peer, nth) => this.dialSome(peer, nth));
  }

  get stepCount(): number {
    return this.steps;
  }

  /** Runs until every honest peer that is still here has the file, at most `maxStepCount` steps. */
  run(maxStepCount: number, afterStep: () => void = () => undefined): SwarmResult {
    while (this.steps < maxStepCount && this.finishedCount < this.honestPeers.length) {
      this.step();
      afterStep();
    }
    return this.result();
  }

  /** The peer is killed: its connections close, what it has is gone. */
  vanish(gone: SimulatedPeer): void {
    this.peers.splice(this.peers.indexOf(gone), 1);
    for (const { remote } of gone.links.values()) remote.disconnected(gone);
  }

  private get honestPeers(): SimulatedPeer[] {
    return this.peers.filter((peer) => peer.options.honesty === 'honest');
  }

  private get finishedCount(): number {
    return this.honestPeers.filter((peer) => peer.picker.isComplete).length;
  }

  private step(): void {
    const nowMs = this.steps * STEP_MS;
    for (const peer of this.peers) peer.rebalance(nowMs);
    for (const peer of this.peers) peer.fillPipelines(nowMs);
    for (const peer of this.peers) peer.transmit(nowMs);
    this.steps += 1;
  }

  private newPeer(nth: number): SimulatedPeer {
    const { seederCount, corruptCount = 0, chunkCount, suggestions } = this.options;
    return new SimulatedPeer({
      peerId: `peer-${nth}` as PeerId,
      chunkCount,
      start: nth < seederCount ? 'complete' : 'empty',
      suggestions,
      honesty: nth >= seederCount && nth < seederCount + corruptCount ? 'corrupt' : 'honest',
      upBytesPerStep: CHUNK_BYTES,
      maxSlotCount: this.options.maxSlotCount ?? 8,
      random: this.random,
    });
  }

  private dialSome(peer: SimulatedPeer, nth: number): void {
    const dialCount = Math.min(nth, this.options.dialCount);
    const chosen = new Set<number>();
    while (chosen.size < dialCount) chosen.add(Math.floor(this.random() * nth));
    for (const other of chosen) {
      peer.connected(this.peers[other]!);
      this.peers[other]!.connected(peer);
    }
  }

  private result(): SwarmResult {
    const fileBytes = this.options.chunkCount * CHUNK_BYTES;
    const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
    return {
      finishedCount: this.finishedCount,
      stepCount: this.steps,
      boundStepCount: this.options.chunkCount,
      seederCopies: sum(this.seeders.map((peer) => peer.sentBytes)) / fileBytes,
      wastedShare:
        sum(this.peers.map((peer) => peer.wastedBytes)) /
        sum(this.peers.map((peer) => peer.sentBytes)),
    };
  }
}
