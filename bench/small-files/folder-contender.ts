import { performance } from 'node:perf_hooks';
import type { Distributor } from '../distributors/distributor.js';
import type { BenchRun } from '../harness/bench-run.js';
import { runCommand } from '../harness/command.js';
import type { Contender, Sample } from '../harness/contender.js';
import { touchMemory } from '../harness/memory-touch.js';
import type { Stage } from '../harness/stage.js';
import { loopbackPlace } from '../transfer/loopback.js';

/** The page cache of the copy, and what the programs take for themselves. */
const MEMORY_BYTES = 1024 * 1024 * 1024;

/** What all contenders have in common. */
export interface FolderWork {
  readonly bench: BenchRun;
  readonly stage: Stage;
  /** That is offered; absolute. */
  readonly folder: string;
}

/** A distributor that offers a folder and fetches it; a run's sample is of the fetch. */
export class FolderContender implements Contender {
  /** From the start of the offering program until others can fetch, in every run so far. */
  readonly shares: Sample[] = [];

  constructor(
    private readonly work: FolderWork,
    private readonly distributor: Distributor,
  ) {}

  get name(): string {
    return this.distributor.name;
  }

  absence(): Promise<string | undefined> {
    return this.distributor.absence();
  }

  async run(round: number): Promise<Sample> {
    const { distributor, work } = this;
    const { bench, stage, folder } = work;
    const placeOf = (title: string) => {
      return loopbackPlace(stage, distributor, `${distributor.name}-${round}-${title}`);
    };
    await runCommand(['sync', '--file-system', stage.folder]);
    await touchMemory(MEMORY_BYTES, { signal: bench.signal });
    await runCommand(['sh', '-c', 'cat "$0"/* >/dev/null', folder]);
    const distribution = await distributor.open(stage, await placeOf('tracker'), folder);
    const source = await distribution.offer(await placeOf('source'));
    const offerSeconds = (performance.now() - source.startedMs) / 1_000;
    const offerCpuSeconds = source.cpuSecondsSoFar();
    const trackerCpuSeconds = distribution.tracker?.cpuSecondsSoFar() ?? 0;
    const fetching = await distribution.fetch(await placeOf('downloader'), 'leave');
    const completedMs = await fetching.completed;
    const seconds = (completedMs - fetching.program.startedMs) / 1_000;
    const fetch = await fetching.program.succeeded();
    const offer = await source.stop();
    const tracker = await distribution.tracker?.stop();
    await runCommand(['diff', '--recursive', '--brief', folder, fetching.path]);
    this.shares.push({
      seconds: offerSeconds,
      cpuSeconds: offerCpuSeconds,
      peakBytes: offer.peakBytes,
      extra: { 'tracker CPU s': trackerCpuSeconds },
    });
    return {
      seconds,
      cpuSeconds: fetch.cpuSeconds + offer.cpuSeconds - offerCpuSeconds,
      peakBytes: fetch.peakBytes,
      extra: {
        'offered s': offerSeconds,
        'to exit s': fetch.seconds,
        'tracker CPU s': (tracker?.cpuSeconds ?? 0) - trackerCpuSeconds,
      },
    };
  }
}
