import type { BenchRun } from './bench-run.js';
import type { Contender, Outcome, Sample } from './contender.js';
import { figure } from './table.js';

/** Runs every contender that is present once in each round, so that whatever slows the machine
 *  meets all of them. A run that fails is named and counts for nothing; all of a contender's
 *  failing is in the result as no sample. */
export async function interleave(
  bench: BenchRun,
  contenders: readonly Contender[],
): Promise<Outcome[]> {
  const present: { contender: Contender; samples: Sample[] }[] = [];
  for (const contender of contenders) {
    const absence = await contender.absence();
    if (absence === undefined) present.push({ contender, samples: [] });
    else bench.note(`${contender.name} is absent: ${absence}`);
  }
  for (let round = 0; round < bench.runCount; round++) {
    for (const { contender, samples } of present) {
      bench.signal.throwIfAborted();
      const sample = await timed(bench, contender, round);
      if (sample !== undefined) samples.push(sample);
    }
  }
  return present.map(({ contender, samples }) => ({ name: contender.name, samples }));
}

async function timed(
  bench: BenchRun,
  contender: Contender,
  round: number,
): Promise<Sample | undefined> {
  await using lock = await bench.takeMachine();
  try {
    const sample = await contender.run(round);
    const extra = Object.entries(sample.extra ?? {}).map(
      ([key, value]) => `${key} ${figure(value)}`,
    );
    const words = [`${figure(sample.seconds)} s`, `${figure(sample.cpuSeconds)} CPU s`, ...extra];
    bench.say(`  run ${round + 1}  ${contender.name}: ${words.join(', ')}`);
    return sample;
  } catch (error) {
    bench.signal.throwIfAborted();
    bench.note(`run ${round + 1} of ${contender.name} failed: ${(error as Error).message}`);
    return undefined;
  } finally {
    await lock.close();
  }
}
