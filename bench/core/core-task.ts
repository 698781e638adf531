import type { CoreSize } from './core-subject.js';

/** What the measuring program is told, as JSON in its argument. */
export interface CoreTask {
  /** Which of SUBJECTS. */
  readonly subject: number;
  readonly sizes: readonly CoreSize[];
  readonly runCount: number;
  /** `ns`: time for each operation. `bytes`: memory taken for each, kept or not. */
  readonly figure: 'ns' | 'bytes';
  /** Time to measure each size for, in each run. */
  readonly timeMs: number;
}

/** What it prints, a line for each: one figure of one run. */
export interface CoreLine {
  readonly size: number;
  readonly value: number;
}
