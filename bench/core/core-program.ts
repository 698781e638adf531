// Measures one part of the core at several sizes, in turn, in a process of its own. With --expose-gc.
import type { CoreSize, CoreSubject } from './core-subject.js';
import type { CoreLine, CoreTask } from './core-task.js';
import { SUBJECTS } from './subjects.js';

const WARM_UP_ROUNDS = 2;
const MAX_PREPARE_FACTOR = 4;
/** Of each measurement of memory, so that what the measuring itself takes does not count. */
const MIN_OPERATION_COUNT = 20_000;
const MAX_WORK_COUNT = 200;

const task = JSON.parse(process.argv[2]!) as CoreTask;
const subject = SUBJECTS[task.subject]!;
/** By size: how often it must be prepared for one measurement of memory. */
const workCounts = task.sizes.map(() => 1);
for (let round = -WARM_UP_ROUNDS; round < task.runCount; round += 1) {
  task.sizes.forEach((size, nth) => {
    const value = task.figure === 'ns' ? nsOfEach(subject, size) : bytesOfEach(subject, nth);
    const line: CoreLine = { size: nth, value };
    if (round >= 0) process.stdout.write(`${JSON.stringify(line)}\n`);
  });
}

/** Only the operations are timed, not what prepares them; that may take so many times as long. */
function nsOfEach(part: CoreSubject, size: CoreSize): number {
  let timedMs = 0;
  let operationCount = 0;
  const endMs = performance.now() + MAX_PREPARE_FACTOR * task.timeMs;
  while (timedMs < task.timeMs && (timedMs === 0 || performance.now() < endMs)) {
    const work = part.prepare(size);
    const startMs = performance.now();
    operationCount += work();
    timedMs += performance.now() - startMs;
  }
  return (timedMs * 1e6) / operationCount;
}

function bytesOfEach(part: CoreSubject, nth: number): number {
  const works = Array.from({ length: workCounts[nth]! }, () => part.prepare(task.sizes[nth]!));
  // The first leaves memory outside the heap to be freed later, by the second at the latest.
  globalThis.gc?.();
  globalThis.gc?.();
  const before = usedBytes();
  let operationCount = 0;
  for (const work of works) operationCount += work();
  const bytesOfAll = usedBytes() - before;
  const wantedCount = Math.ceil((MIN_OPERATION_COUNT * works.length) / operationCount);
  workCounts[nth] = Math.min(MAX_WORK_COUNT, wantedCount);
  return bytesOfAll / operationCount;
}

function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
