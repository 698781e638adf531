import { UsageError } from '../harness/flag-values.js';
import { aria2 } from './aria2.js';
import type { Distributor } from './distributor.js';
import { libtorrent } from './libtorrent.js';
import { transmission } from './transmission.js';
import { webtorrent } from './webtorrent.js';

const RIVALS: readonly Distributor[] = [aria2, libtorrent, webtorrent, transmission];

export const RIVAL_NAMES = RIVALS.map(({ name }) => name);

/** The rivals of these names. Throws UsageError for one that nobody knows. */
export function rivalsOf(names: readonly string[]): Distributor[] {
  const known = new Map(RIVALS.map((rival) => [rival.name, rival]));
  return names.map((name) => {
    const rival = known.get(name);
    if (rival === undefined) {
      throw new UsageError(`no rival ${JSON.stringify(name)}; there are ${RIVAL_NAMES.join(', ')}`);
    }
    return rival;
  });
}
