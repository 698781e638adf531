import { shoal, ShoalSwarm } from '../distributors/shoal.js';
import type { BenchRun } from '../harness/bench-run.js';
import { runCommand } from '../harness/command.js';
import type { Contender, Sample } from '../harness/contender.js';
import { interleave } from '../harness/interleave.js';
import { writeRandomFile } from '../harness/random-file.js';
import type { Scenario } from '../harness/scenario.js';
import { warmFile } from '../harness/warm-file.js';
import { loopbackPlace } from '../transfer/loopback.js';
import { OFFENDER_NAMES, startOffender } from './offender.js';

const REFERENCE = 'nobody else';
const HONEST_COUNT = 2;

export const hostile: Scenario = {
  summary: 'one download from two honest seeders, alone and with one peer more that is hostile',
  flags: {
    runs: { fallback: '3', help: 'how often each contender runs' },
    size: { fallback: '128MiB', help: 'length of the file' },
    up: { fallback: '8MiB/s', help: 'what each honest seeder sends at most' },
    offenders: { fallback: OFFENDER_NAMES.join(','), help: 'kinds of hostile peers' },
  },
  async run(bench) {
    await using stage = await bench.openStage();
    const filePath = stage.path('data.bin');
    const fileBytes = bench.flags.bytes('size');
    await writeRandomFile(filePath, fileBytes, { signal: bench.signal });
    const kinds = bench.flags.list('offenders');
    const contenders = [undefined, ...kinds].map((kind) => new Beset(bench, filePath, kind));
    const outcomes = await interleave(bench, contenders);
    const { flags } = bench;
    const title = `${flags.text('size')} from two seeders with ${flags.text('up')} each, and`;
    bench.conclude(title, outcomes, REFERENCE);
  },
};

/** The download, with a peer of one kind in the swarm, or without. */
class Beset implements Contender {
  constructor(
    private readonly bench: BenchRun,
    private readonly filePath: string,
    private readonly kind: string | undefined,
  ) {}

  get name(): string {
    return this.kind ?? REFERENCE;
  }

  absence(): Promise<string | undefined> {
    const isKnown = this.kind === undefined || OFFENDER_NAMES.includes(this.kind);
    return Promise.resolve(isKnown ? undefined : `known are ${OFFENDER_NAMES.join(', ')}`);
  }

  async run(): Promise<Sample> {
    const { bench, filePath, kind } = this;
    await using stage = await bench.openStage();
    await runCommand(['sync', '--file-system', stage.folder]);
    await warmFile(filePath);
    const placeOf = (title: string) => loopbackPlace(stage, shoal, title);
    const swarm = await ShoalSwarm.open(stage, await placeOf('tracker'), filePath);
    const maxUp = bench.flags.text('up');
    const seeders = [];
    for (let index = 0; index < HONEST_COUNT; index += 1) {
      seeders.push(await swarm.offer(await placeOf(`seeder-${index + 1}`), { maxUp }));
    }
    const { signal } = bench;
    await using offender =
      kind === undefined
        ? undefined
        : await startOffender(kind, filePath, swarm.trackerAddress, { signal });
    const { program, path } = await swarm.fetch(await placeOf('downloader'), 'leave');
    const { seconds, cpuSeconds, peakBytes } = await program.succeeded();
    await Promise.all(seeders.map((seeder) => seeder.stop()));
    await swarm.tracker.stop();
    await runCommand(['cmp', filePath, path]);
    // Nothing was measured if it was left alone.
    if (offender?.requests.length === 0) throw new Error('nobody asked the hostile peer');
    return { seconds, cpuSeconds, peakBytes };
  }
}
