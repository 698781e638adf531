import { fileURLToPath } from 'node:url';
import type { BenchRun } from '../harness/bench-run.js';
import { UsageError } from '../harness/flag-values.js';
import type { Scenario } from '../harness/scenario.js';
import type { Stage } from '../harness/stage.js';
import { chunkAxis, connectionAxis, sizesOf } from './core-axis.js';
import { renderCost, type CoreCost } from './core-cost.js';
import type { CoreLine, CoreTask } from './core-task.js';
import { SUBJECTS } from './subjects.js';

const PROGRAM = fileURLToPath(new URL('./core-program.js', import.meta.url));
/** So much room for what is new that none of it is collected while it is measured. */
const COLLECT_LATE = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'];

export const core: Scenario = {
  summary: 'cost of a chunk and of a message, from 100 to 100,000 chunks and 2 to 500 connections',
  flags: {
    only: { fallback: '', help: 'parts, by the first words of their rows, separated by commas' },
    few: { help: 'use no more chunks or connections than the first column has; some rows cannot' },
    time: { fallback: '20ms', help: 'how long each size is measured in each run' },
  },
  async run(bench) {
    await using stage = await bench.openStage();
    const used = bench.flags.has('few') ? 'few' : 'all';
    const axes = [chunkAxis(used), connectionAxis(used)];
    const sizes = sizesOf(axes);
    const costs: CoreCost[] = [];
    for (const subject of wantedSubjects(bench)) {
      const { title } = SUBJECTS[subject]!;
      const ns = await measure(bench, stage, { subject, sizes, figure: 'ns' });
      const bytes = await measure(bench, stage, { subject, sizes, figure: 'bytes' });
      costs.push({ title, ns, bytes });
      bench.say(`  measured ${title}`);
    }
    bench.figure('sizes', sizes);
    bench.figure('costs', costs);
    for (const axis of axes) bench.say(`\n${renderCost(axis, { sizes, costs })}`);
  },
};

function wantedSubjects(bench: BenchRun): number[] {
  const wanted = bench.flags.list('only');
  const found = SUBJECTS.flatMap(({ title, uses }, subject) => {
    if (uses === 'all' && bench.flags.has('few')) return [];
    return wanted.length === 0 || wanted.some((start) => title.startsWith(start)) ? [subject] : [];
  });
  if (found.length === 0) throw new UsageError(`no such row begins with ${wanted.join(', ')}`);
  return found;
}

/** Runs by size. */
async function measure(
  bench: BenchRun,
  stage: Stage,
  what: Pick<CoreTask, 'subject' | 'sizes' | 'figure'>,
): Promise<number[][]> {
  await using lock = await bench.takeMachine();
  const timeMs = bench.flags.durationMs('time');
  const task: CoreTask = { ...what, runCount: bench.runCount, timeMs };
  const flags = what.figure === 'bytes' ? COLLECT_LATE : [];
  const title = `${what.figure} of ${SUBJECTS[what.subject]!.title}`;
  const command = [process.execPath, ...flags, PROGRAM, JSON.stringify(task)];
  const program = stage.start({ title, command });
  const values: number[][] = what.sizes.map(() => []);
  program.onLine((line, _atMs, stream) => {
    if (stream !== 'stdout') return;
    const { size, value } = JSON.parse(line) as CoreLine;
    values[size]!.push(value);
  });
  await program.succeeded();
  await lock.close();
  return values;
}
