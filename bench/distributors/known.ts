import { UsageError } from '../harness/flag-values.js';
import type { Distributor } from './distributor.js';
import { shoal } from './shoal.js';

const RIVALS: readonly Distributor[] = [];

/** Shoal, then the rivals of these names. Throws UsageError for one that nobody knows. */
export function distributorsOf(rivals: readonly string[]): Distributor[] {
  const known = new Map(RIVALS.map((rival) => [rival.name, rival]));
  return [
    shoal,
    ...rivals.map((name) => {
      const rival = known.get(name);
      if (rival === undefined) throw new UsageError(`no rival ${JSON.stringify(name)}`);
      return rival;
    }),
  ];
}
