import { join } from 'node:path';
import type { Distributor } from '../distributors/distributor.js';
import { rivalsOf } from '../distributors/known.js';
import { shoal, shoalTls } from '../distributors/shoal.js';
import type { BenchRun } from '../harness/bench-run.js';
import type { Contender, Outcome } from '../harness/contender.js';
import { UsageError } from '../harness/flag-values.js';
import { interleave } from '../harness/interleave.js';
import { touchMemory } from '../harness/memory-touch.js';
import { writeRandomFile } from '../harness/random-file.js';
import type { Scenario } from '../harness/scenario.js';
import { median } from '../harness/statistics.js';
import { HostNetwork } from './host-network.js';
import { drawProgress } from './progress-picture.js';
import { checkShaping, renderShaping } from './shaping-check.js';
import { contestSwarm, keepRecord } from './swarm-contest.js';
import { planSwarm, renderPlan, SWARM_FLAGS, type SwarmPlan } from './swarm-plan.js';

/** Of each leecher, beside its copy: a program's own memory. */
const PROGRAM_BYTES = 100 * 1024 * 1024;
const MAX_TOUCHED_BYTES = 4 * 1024 * 1024 * 1024;

export const swarm: Scenario = {
  summary: 'one seeder and N leechers with limited links, each in a network namespace; needs root',
  flags: SWARM_FLAGS,
  async run(bench) {
    if (process.getuid?.() !== 0) throw new UsageError('network namespaces need root');
    const plan = planSwarm(bench.flags);
    bench.say(renderPlan(plan));
    await using stage = await bench.openStage();
    const filePath = stage.path('data.bin');
    await writeRandomFile(filePath, plan.fileBytes, { signal: bench.signal });
    const leecherLinks = [...plan.leechers, ...plan.doomed];
    await using network = await HostNetwork.open([plan.seeder, ...leecherLinks, undefined]);
    await verifyShaping(bench, plan, network);
    const secured = bench.flags.has('secure') ? [shoalTls] : [];
    const distributors = [shoal, ...secured, ...rivalsOf(bench.flags.list('rivals'))];
    const contenders = distributors.map((distributor) => {
      return new SwarmContender(bench, network, plan, filePath, distributor);
    });
    const outcomes = await interleave(bench, contenders);
    bench.conclude(renderPlan(plan), outcomes, 'shoal');
    bench.figure('boundSeconds', plan.boundSeconds);
    for (const outcome of outcomes) sayRatio(bench, plan, outcome);
  },
};

async function verifyShaping(
  bench: BenchRun,
  plan: SwarmPlan,
  network: HostNetwork,
): Promise<void> {
  await using stage = await bench.openStage();
  await using lock = await bench.takeMachine();
  const to = network.hosts[0]!;
  const { downBitsPerSecond } = plan.seeder;
  const from = plan.leechers.map(({ upBitsPerSecond }, index) => ({
    index: index + 1,
    upBitsPerSecond,
  }));
  const figures = await checkShaping(stage, network, { to, from, downBitsPerSecond });
  await lock.close();
  bench.note(renderShaping(figures));
  bench.figure('shaping', figures);
}

function sayRatio(bench: BenchRun, plan: SwarmPlan, { name, samples }: Outcome): void {
  if (samples.length === 0) return;
  const seconds = median(samples.map((sample) => sample.seconds));
  bench.note(`${name}: ${(seconds / plan.boundSeconds).toFixed(2)} x the bound`);
}

class SwarmContender implements Contender {
  readonly name: string;

  constructor(
    private readonly bench: BenchRun,
    private readonly network: HostNetwork,
    private readonly plan: SwarmPlan,
    private readonly filePath: string,
    private readonly distributor: Distributor,
  ) {
    this.name = distributor.name;
  }

  absence(): Promise<string | undefined> {
    return this.distributor.absence();
  }

  async run(round: number) {
    const { bench, plan, network, distributor, filePath } = this;
    const { signal } = bench;
    const logFolder = await bench.makeOutFolder(join(`${this.name}-${round + 1}`));
    const hostCount = plan.leechers.length + plan.doomed.length;
    const neededBytes = hostCount * (plan.fileBytes + PROGRAM_BYTES);
    await touchMemory(Math.min(neededBytes, MAX_TOUCHED_BYTES), { signal });
    await using stage = await bench.openStage();
    const options = { stage, network, distributor, plan, filePath, logFolder, signal };
    const record = await contestSwarm(options);
    const title = `${this.name}, run ${round + 1}: ${renderPlan(plan)}`;
    await keepRecord(logFolder, record, drawProgress(title, plan, record));
    const seconds = Math.max(...record.seconds);
    const extra = {
      'x bound': seconds / plan.boundSeconds,
      'first done': Math.min(...record.seconds),
      'seeder copies': record.seederBytes / plan.fileBytes,
    };
    const { cpuSeconds, peakBytes } = record;
    return { seconds, cpuSeconds, peakBytes, extra };
  }
}
