import type { BenchRun } from './bench-run.js';
import type { FlagSpecs } from './flag-values.js';

/** One `npm run bench -- NAME`. Every scenario also takes the flags of COMMON_FLAGS. */
export interface Scenario {
  readonly summary: string;
  readonly flags: FlagSpecs;
  run(bench: BenchRun): Promise<void>;
}

export const COMMON_FLAGS: FlagSpecs = {
  runs: { fallback: '5', help: 'how often each contender runs' },
  out: { fallback: '', help: 'folder for result.json, pictures and logs' },
  work: { fallback: '', help: 'folder for the data, on the disk that is to be measured' },
  lock: { fallback: '', help: 'file to flock(1) around every timed run, on a shared machine' },
};
