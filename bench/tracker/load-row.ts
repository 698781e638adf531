import { median, percentileOf, spreadOf, type Spread } from '../harness/statistics.js';
import { figure } from '../harness/table.js';
import type { LoadResult } from './request-load.js';

const MIB = 1024 * 1024;

/** One timed run of one kind of request. */
export interface LoadSample {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the server, while it was measured. */
  readonly cpuSeconds: number;
  readonly seconds: number;
}

/** All runs of one kind. */
export interface LoadRow {
  readonly title: string;
  readonly samples: LoadSample[];
  peakBytes: number;
  /** After the last run. */
  residentBytes: number;
}

export const LOAD_HEADER = [
  '',
  'requests/s',
  'min',
  'max',
  'ratio',
  'p50 ms',
  'p99 ms',
  'CPU µs each',
  'resident MiB',
  'peak MiB',
];

export function toSample(result: LoadResult, cpuSeconds: number): LoadSample {
  const { latenciesMs, seconds } = result;
  return {
    perSecond: latenciesMs.length / seconds,
    p50Ms: percentileOf(latenciesMs, 0.5),
    p99Ms: percentileOf(latenciesMs, 0.99),
    cpuSeconds,
    seconds,
  };
}

export function rateOf({ samples }: LoadRow): Spread {
  return spreadOf(samples.map(({ perSecond }) => perSecond));
}

/** Medians; `ratio` compares the rates of each round with the reference's of the same round. */
export function renderRow(row: LoadRow, reference: LoadRow): string[] {
  const { samples } = row;
  const rate = rateOf(row);
  const ratios = samples.map(({ perSecond }, round) => {
    return perSecond / (reference.samples[round]?.perSecond ?? NaN);
  });
  const middle = (of: (sample: LoadSample) => number) => figure(median(samples.map(of)));
  return [
    row.title,
    rate.median.toFixed(0),
    rate.min.toFixed(0),
    rate.max.toFixed(0),
    figure(median(ratios)),
    middle(({ p50Ms }) => p50Ms),
    middle(({ p99Ms }) => p99Ms),
    middle(({ cpuSeconds, seconds, perSecond }) => (cpuSeconds * 1e6) / (seconds * perSecond)),
    figure(row.residentBytes / MIB),
    figure(row.peakBytes / MIB),
  ];
}
