import type { PeerId } from '#protocol';
import { RequestLedger } from '../../apps/peer/src/core/request-ledger.js';
import { peerIds, scattered, type CoreSize, type CoreSubject } from './core-subject.js';

const CHUNK_BYTES = 256 * 1024;
const PROGRESS_COUNT = 4;
/** What the receiving side's memory has room for. */
const MAX_ASKED_COUNT = 256;
const ASKED_PER_PEER_COUNT = 4;
/** As from the clock: no whole number. */
const START_MS = 1_000.25;
const CHUNK_MS = 2;
const CHUNKS_SETTLED = 20_000;
const DUPLICATE_COUNT = 200;

/** Chunks asked in turn of all peers, the first ones long ago. */
class Ledger {
  readonly ledger = new RequestLedger({ maxCopies: 3 });
  private readonly peers: readonly PeerId[];
  private readonly askedCount: number;
  private nth = 0;

  constructor(private readonly size: CoreSize) {
    this.peers = peerIds(size.connectionCount);
    const wantedCount = Math.min(MAX_ASKED_COUNT, ASKED_PER_PEER_COUNT * size.connectionCount);
    this.askedCount = Math.min(wantedCount, size.chunkCount / 2);
    for (let nth = 0; nth < this.askedCount; nth += 1) this.ask(nth);
  }

  get nowMs(): number {
    return START_MS + this.nth * CHUNK_MS;
  }

  /** The oldest arrives, another is asked for. */
  step(): void {
    const { nth, nowMs, ledger } = this;
    const peerId = this.peerIdOf(nth);
    const chunkIndex = scattered(nth, this.size.chunkCount);
    for (let step = 0; step < PROGRESS_COUNT; step += 1) {
      ledger.progress({ peerId, chunkIndex, bytes: CHUNK_BYTES / PROGRESS_COUNT, nowMs });
    }
    ledger.settle({ peerId, chunkIndex });
    this.ask(nth + this.askedCount);
    this.nth += 1;
  }

  private ask(nth: number): void {
    const { nowMs } = this;
    const peerId = this.peerIdOf(nth);
    const chunkIndex = scattered(nth, this.size.chunkCount);
    this.ledger.ask({ peerId, chunkIndex, lengthBytes: CHUNK_BYTES, nowMs });
  }

  private peerIdOf(nth: number): PeerId {
    return this.peers[nth % this.peers.length]!;
  }
}

const asking: CoreSubject = {
  title: 'ledger: ask, 4 × progress, settle',
  uses: 'all',
  prepare(size) {
    const ledger = new Ledger(size);
    return () => {
      for (let chunk = 0; chunk < CHUNKS_SETTLED; chunk += 1) ledger.step();
      return CHUNKS_SETTLED;
    };
  },
};

/** For an idle peer with nothing left to pick. */
const duplicating: CoreSubject = {
  title: 'ledger: choose what to ask twice',
  uses: 'all',
  prepare(size) {
    const ledger = new Ledger(size);
    for (let chunk = 0; chunk < size.chunkCount; chunk += 1) ledger.step();
    const peerId = peerIds(size.connectionCount + 1).at(-1)!;
    const holds = () => true;
    return () => {
      for (let time = 0; time < DUPLICATE_COUNT; time += 1) {
        ledger.ledger.duplicateFor({ peerId, holds, nowMs: ledger.nowMs });
      }
      return DUPLICATE_COUNT;
    };
  },
};

export const LEDGER_SUBJECTS = [asking, duplicating];
