import { parseArgs } from 'node:util';
import { TRACKER_SUBJECTS } from './tracker-subjects.js';
import { WIRE_SUBJECTS } from './wire-subjects.js';

const USAGE = 'usage: npm run fuzz -- --minutes N [--seed S]';
const SUBJECTS = [...WIRE_SUBJECTS, ...TRACKER_SUBJECTS];
const RUNS_PER_ROUND = 500;
const MAX_SEED = 2 ** 31 - 1;
const MAX_RESIDENT_BYTES = 512 * 1024 * 1024;

interface Fuzzing {
  readonly minutes: number;
  readonly seed: number;
}

/** Undefined when the command line is wrong. */
function readFuzzing(args: readonly string[]): Fuzzing | undefined {
  const options = { minutes: { type: 'string' }, seed: { type: 'string' } } as const;
  try {
    const { values } = parseArgs({ args: [...args], options });
    const minutes = Number(values.minutes ?? '1');
    const seed = Number(values.seed ?? Math.floor(Math.random() * MAX_SEED));
    const isRight = minutes > 0 && Number.isInteger(seed) && Math.abs(seed) <= MAX_SEED;
    return isRight ? { minutes, seed } : undefined;
  } catch {
    return undefined;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Rounds of all subjects, each round with the next seed, until the time is up or one fails. */
function fuzz({ minutes, seed: firstSeed }: Fuzzing): 'held' | 'failed' {
  const endMs = Date.now() + minutes * 60_000;
  let seed = firstSeed;
  say(`seed ${firstSeed}`);
  do {
    for (const { name, failure } of SUBJECTS) {
      const residentBytes = process.memoryUsage.rss();
      const found =
        failure({ seed, numRuns: RUNS_PER_ROUND }) ??
        (residentBytes > MAX_RESIDENT_BYTES ? `it takes ${residentBytes} bytes` : undefined);
      if (found === undefined) continue;
      say(`failed: ${name}\n${found}`);
      say(`again: npm run fuzz -- --minutes ${minutes} --seed ${seed}`);
      return 'failed';
    }
    seed = seed === MAX_SEED ? 0 : seed + 1;
  } while (Date.now() < endMs);
  const roundCount = (seed - firstSeed + MAX_SEED + 1) % (MAX_SEED + 1);
  say(`held: ${SUBJECTS.length} subjects, ${roundCount} rounds of ${RUNS_PER_ROUND} runs each`);
  return 'held';
}

const fuzzing = readFuzzing(process.argv.slice(2));
if (fuzzing === undefined) {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
} else if (fuzz(fuzzing) === 'failed') {
  process.exitCode = 1;
}
