import { noise } from '../../test/support/strangers.js';
import { keepBusy, LINES_AT_ONCE, type Abuse } from './abuse-kind.js';

/** What strangers do to a port of any kind, by its name in the table. */
export const STRANGER_ABUSE: Readonly<Record<string, Abuse>> = {
  'idle connections': async ({ strangers, signal }) => {
    await strangers.crowd(5_000, { signal });
  },
  'connections made and left': ({ strangers, signal }) => strangers.knock({ signal }),
  'random bytes': async ({ strangers, signal }) => {
    const bytes = noise(64 * 1024);
    await keepBusy(LINES_AT_ONCE, () => strangers.flood(() => bytes, { signal }));
  },
};
