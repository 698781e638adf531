import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Distribution, Distributor, Fetch, Place } from '../distributors/distributor.js';
import { runCommand } from '../harness/command.js';
import type { MeasuredProgram } from '../harness/measured-program.js';
import type { Stage } from '../harness/stage.js';
import type { HostNetwork } from './host-network.js';
import { LinkWatch } from './link-watch.js';
import type { SwarmPlan } from './swarm-plan.js';

/** What a swarm may take, before it counts as stuck. */
const MAX_BOUNDS = 20;
const MAX_START_SECONDS = 60;
const FIRST_LEECHER = 1;
const PORT = 6_881;

export interface SwarmRecord {
  readonly startMs: number;
  /** Of each leecher: from starting its command to its whole copy in place. */
  readonly seconds: readonly number[];
  /** Of each leecher: when it was complete, since the first one started. */
  readonly doneAtSeconds: readonly number[];
  /** What left the seeder's host until the last one was done, headers included. */
  readonly seederBytes: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly watch: LinkWatch;
}

/** One swarm of one program, from its tracker to the comparison of all copies. Host 0 has the seeder,
 *  the last one the tracker, those between the leechers, the doomed ones after the others. */
export async function contestSwarm(options: {
  readonly stage: Stage;
  readonly network: HostNetwork;
  readonly distributor: Distributor;
  readonly plan: SwarmPlan;
  readonly filePath: string;
  readonly logFolder: string;
  readonly signal: AbortSignal;
}): Promise<SwarmRecord> {
  const { stage, network, distributor, plan, filePath, signal } = options;
  const places = await makePlaces(stage, network, options.logFolder);
  const distribution = await distributor.open(stage, places.at(-1)!, filePath);
  for (const place of places.slice(0, -1)) await distribution.prepare?.(place);
  const seeder = await distribution.offer(places[0]!);
  const bytesBefore = await network.wireBytesSent(0);
  const watch = await LinkWatch.start(network);
  try {
    const maxSeconds = Math.ceil(plan.boundSeconds * MAX_BOUNDS + MAX_START_SECONDS);
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(maxSeconds * 1_000)]);
    const startMs = performance.now();
    const fetches = await startLeechers({ distribution, plan, places, watch, signal: bounded });
    const finishing = fetches.slice(0, plan.leechers.length);
    const doneAtMs = await orAborted(
      Promise.all(finishing.map(({ completed }) => completed)),
      bounded,
    );
    const seederBytes = (await network.wireBytesSent(0)) - bytesBefore;
    await watch.stop();
    const trackers = distribution.tracker === undefined ? [] : [distribution.tracker];
    const programs = [...fetches.map(({ program }) => program), seeder, ...trackers];
    const usage = await stopAll(programs);
    for (const { path } of finishing) await runCommand(['cmp', filePath, path]);
    const seconds = doneAtMs.map((atMs, index) => {
      return (atMs - finishing[index]!.program.startedMs) / 1_000;
    });
    const doneAtSeconds = doneAtMs.map((atMs) => (atMs - startMs) / 1_000);
    return { startMs, seconds, doneAtSeconds, seederBytes, ...usage, watch };
  } finally {
    await watch.stop();
  }
}

async function makePlaces(stage: Stage, network: HostNetwork, logFolder: string): Promise<Place[]> {
  await mkdir(logFolder, { recursive: true });
  const titleOf = (index: number) => {
    if (index === 0) return 'seeder';
    return index === network.hosts.length - 1 ? 'tracker' : `leecher-${index}`;
  };
  return Promise.all(
    network.hosts.map(async ({ address, prefix }, index) => {
      const title = titleOf(index);
      const folder = await stage.makeFolder(title);
      return { title, address, port: PORT, prefix, folder, logFolder };
    }),
  );
}

async function startLeechers(options: {
  distribution: Distribution;
  plan: SwarmPlan;
  places: readonly Place[];
  watch: LinkWatch;
  signal: AbortSignal;
}): Promise<Fetch[]> {
  const { distribution, plan, places, watch, signal } = options;
  const fetches: Fetch[] = [];
  const count = plan.leechers.length + plan.doomed.length;
  for (let index = 0; index < count; index++) {
    if (index > 0 && plan.arrivalMs > 0) await sleep(plan.arrivalMs, undefined, { signal });
    fetches.push(await distribution.fetch(places[FIRST_LEECHER + index]!, 'stay'));
  }
  const doomed = new Map(
    plan.doomed.map((_, index) => [index + plan.leechers.length, 'alive' as const]),
  );
  watch.onMoment(({ links }) => {
    for (const index of doomed.keys()) {
      if (links[FIRST_LEECHER + index]!.received < plan.fileBytes / 2) continue;
      fetches[index]!.program.signal('SIGKILL');
      doomed.delete(index);
    }
  });
  return fetches;
}

async function stopAll(
  programs: readonly MeasuredProgram[],
): Promise<{ cpuSeconds: number; peakBytes: number }> {
  const ends = await Promise.all(programs.map((program) => program.stop()));
  return {
    cpuSeconds: ends.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakBytes: Math.max(...ends.map(({ peakBytes }) => peakBytes)),
  };
}

/** What is awaited, or why it is too late for it. */
async function orAborted<Value>(awaited: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const stopped = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const refuse = () => reject(signal.reason as Error);
    signal.addEventListener('abort', refuse, { once: true, signal: stopped.signal });
  });
  try {
    return await Promise.race([awaited, aborted]);
  } finally {
    stopped.abort();
  }
}

/** Keeps what is there to look at after a run: the links over time and the figures. */
export async function keepRecord(
  logFolder: string,
  { watch, ...record }: SwarmRecord,
  picture: string,
): Promise<void> {
  await writeFile(join(logFolder, 'links.csv'), watch.renderCsv(record.startMs));
  await writeFile(join(logFolder, 'progress.svg'), picture);
  await writeFile(join(logFolder, 'record.json'), `${JSON.stringify(record, undefined, 2)}\n`);
}
