import { median } from '../harness/statistics.js';
import { figure, renderTable } from '../harness/table.js';
import { placesOn, type CoreAxis } from './core-axis.js';
import type { CoreSize } from './core-subject.js';

/** What an operation costs: for each size one value for each run. */
export interface CoreCost {
  readonly title: string;
  readonly ns: readonly (readonly number[])[];
  readonly bytes: readonly (readonly number[])[];
}

/** Two tables: time and memory along one axis, of all `sizes` that were measured. Medians of the runs. */
export function renderCost(
  axis: CoreAxis,
  { sizes, costs }: { sizes: readonly CoreSize[]; costs: readonly CoreCost[] },
): string {
  const places = placesOn(axis, sizes);
  const time = costs.map(({ title, ns }) => {
    const runs = places.map((place) => ns[place]!);
    return [title, ...runs.map((values) => figure(median(values))), figure(ratioOf(runs))];
  });
  const memory = costs.map(({ title, bytes }) => {
    const middles = places.map((place) => Math.round(median(bytes[place]!)));
    const growth = middles.at(-1)! - middles[0]!;
    return [title, ...middles.map(String), String(growth)];
  });
  return [
    renderTable([`ns for each, ${axis.title}`, ...axis.columns, 'ratio'], time),
    renderTable([`bytes for each, ${axis.title}`, ...axis.columns, 'growth'], memory),
  ].join('\n\n');
}

/** Of the largest size to the smallest of the same run; the median of that. */
export function ratioOf(runs: readonly (readonly number[])[]): number {
  const smallest = runs[0]!;
  return median(runs.at(-1)!.map((value, run) => value / smallest[run]!));
}
