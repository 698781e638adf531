import type { BenchRun } from '../harness/bench-run.js';
import type { Stage } from '../harness/stage.js';
import { pinLoad, type PinnedServer } from '../tracker/pinned-server.js';
import { populate, type Population } from '../tracker/population.js';
import { RequestLoad } from '../tracker/request-load.js';
import { startTracker } from '../tracker/servers.js';
import { plainAccess } from '../tracker/tracker-access.js';
import { TrackerRequests } from '../tracker/tracker-requests.js';
import type { AbuseContest } from './abuse.js';
import { Abusers } from './abusers.js';

const SIZE = { fileCount: 100, chunkCount: 64, peerCount: 20, peersPerFileCount: 20 };
const SHAPE = { connectionCount: 8, outstandingCount: 64 };
const MEET = { warmUpMs: 100, measureMs: 200 };
const WARM_UP_MS = 300;

/** Callers that send the mix of requests of `bench -- tracker`, from connections that they had before. */
export class TrackerContest implements AbuseContest {
  readonly title = 'tracker port, requests/s';

  private constructor(
    private readonly bench: BenchRun,
    private readonly stage: Stage,
    private readonly tracker: PinnedServer,
    private readonly population: Population,
  ) {}

  static async open(bench: BenchRun): Promise<TrackerContest> {
    pinLoad();
    const stage = await bench.openStage();
    const tracker = await startTracker(stage.path('data'), 'open', []);
    const population = await populate(plainAccess(tracker), SIZE, { signal: bench.signal });
    return new TrackerContest(bench, stage, tracker, population);
  }

  async measure(kind: string | undefined): Promise<number> {
    const { endpoint } = this.tracker;
    await using callers = await RequestLoad.connect(plainAccess(this.tracker).path, SHAPE);
    const requests = TrackerRequests.mix(this.population);
    await callers.run(requests, MEET, () => undefined);
    const times = { warmUpMs: WARM_UP_MS, measureMs: this.bench.flags.durationMs('time') };
    const target = { endpoint, file: undefined };
    const abusers = kind === undefined ? undefined : await Abusers.start('tracker', kind, target);
    try {
      const { latenciesMs, seconds } = await callers.run(requests, times, () => undefined);
      return latenciesMs.length / seconds;
    } finally {
      await abusers?.[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tracker.close();
    await this.stage.close();
  }
}
