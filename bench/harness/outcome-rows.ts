import type { Outcome } from './contender.js';
import { median, spreadOf } from './statistics.js';
import { figure } from './table.js';

const MIB = 1024 * 1024;
const HEADER = ['', 'median s', 'min', 'max', 'ratio', 'CPU s', 'peak MiB', 'runs'];

const extraKeys = (outcomes: readonly Outcome[]) => [
  ...new Set(
    outcomes.flatMap(({ samples }) => samples.flatMap(({ extra }) => Object.keys(extra ?? {}))),
  ),
];

/** The columns of the table of all contenders: the common ones, then each `extra` figure. */
export function outcomeHeader(outcomes: readonly Outcome[]): string[] {
  return [...HEADER, ...extraKeys(outcomes)];
}

/** One row for each contender; medians, but for the peak of memory, which is the most of all runs. */
export function outcomeRows(outcomes: readonly Outcome[], reference: string): string[][] {
  const secondsOf = ({ samples }: Outcome) => samples.map(({ seconds }) => seconds);
  const compared = outcomes.find(({ name }) => name === reference);
  const referenceSeconds = compared === undefined ? NaN : median(secondsOf(compared));
  return outcomes.map((outcome) => {
    const { name, samples } = outcome;
    const { median: middle, min, max } = spreadOf(secondsOf(outcome));
    const peakBytes = Math.max(...samples.map((sample) => sample.peakBytes));
    const cpuSeconds = median(samples.map((sample) => sample.cpuSeconds));
    return [
      name,
      ...[middle, min, max, middle / referenceSeconds, cpuSeconds, peakBytes / MIB].map(figure),
      String(samples.length),
      ...extraKeys(outcomes).map((key) => {
        const values = samples.flatMap(({ extra }) => extra?.[key] ?? []);
        return figure(median(values));
      }),
    ];
  });
}
