import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { parseEndpoint, type Endpoint, type Manifest } from '#protocol';
import type { ChildProgram } from './child-program.js';
import { PeerHome } from './peer-home.js';
import {
  MAX_PEER_RESIDENT_BYTES,
  MAX_TRACKER_RESIDENT_BYTES,
  peakResidentBytes,
} from './process-memory.js';
import { sampleBytes, writeSample } from './sample-content.js';
import { CHUNK_BYTES, manifestOf } from './session-lab.js';
import { startTracker, type RunningTracker } from './start-tracker.js';

const CHUNK_COUNT = 24;
const SIZE_BYTES = (CHUNK_COUNT - 1) * CHUNK_BYTES + 1_001;
const SEED = 7;
/** V8 lets garbage fill what heap it may have. A tracker in a small one shows how much abuse keeps alive:
 *  with more than that it would end. */
const SMALL_HEAP = '--max-old-space-size=64 --max-semi-space-size=8';

/** A tracker and a peer that shares a file, as processes of their own, for somebody to abuse. */
export class AbuseStage implements AsyncDisposable {
  private constructor(
    readonly tracker: RunningTracker,
    private readonly home: PeerHome,
    readonly seeder: ChildProgram,
    /** What is shared, as `big.bin`. */
    readonly content: { readonly manifest: Manifest; readonly bytes: Buffer },
  ) {}

  static async open({
    access = 'open',
  }: { access?: 'open' | 'secured' } = {}): Promise<AbuseStage> {
    const env = { NODE_OPTIONS: SMALL_HEAP };
    const bytes = sampleBytes(SIZE_BYTES, SEED);
    const manifest = await manifestOf(bytes);
    const tracker = await startTracker({ env, access });
    const home = await PeerHome.create(tracker);
    await writeSample(home.file('big.bin'), SIZE_BYTES, SEED);
    const seeder = await home.serve(['share', 'big.bin']);
    return new AbuseStage(tracker, home, seeder, { manifest, bytes });
  }

  /** Where the seeder listens. */
  get endpoint(): Endpoint {
    return parseEndpoint(/^ready (\S+)$/m.exec(this.seeder.stdout)![1]!);
  }

  /** Whether somebody new downloads all of the file, and correctly, while `abuse` goes on, which ends
   *  with its signal. Rejects when the abuse, or the download, fails. */
  async transferDuring(abuse: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    const enough = new AbortController();
    setMaxListeners(100, enough.signal);
    const abusing = abuse(enough.signal);
    abusing.catch(() => undefined); // told at the end
    try {
      await using leecher = await PeerHome.create(this.tracker);
      const { exitCode, stderr } = await leecher.run(['download', 'big.bin']);
      if (exitCode !== 0) throw new Error(`the download ended with ${exitCode}: ${stderr}`);
      const got = await readFile(leecher.file('big.bin'));
      if (!got.equals(this.content.bytes)) throw new Error('the download is wrong');
    } finally {
      enough.abort();
      await abusing;
    }
  }

  /** What each process took at its most, as a part of what it may. Rejects when one has ended. */
  async memory(): Promise<{ tracker: number; seeder: number }> {
    return {
      tracker: (await peakResidentBytes(this.tracker.pid!)) / MAX_TRACKER_RESIDENT_BYTES,
      seeder: (await peakResidentBytes(this.seeder.pid)) / MAX_PEER_RESIDENT_BYTES,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home[Symbol.asyncDispose]();
    await this.tracker[Symbol.asyncDispose]();
  }
}
