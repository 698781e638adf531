import { setImmediate } from 'node:timers/promises';

/** Rows that are looked at in one turn of the event loop. */
export const WALK_PAGE_COUNT = 1_000;

/**
 * Reads a table from its first key to its last, a page at a time, and lets requests in between two pages.
 * `read` returns up to WALK_PAGE_COUNT rows after a row, in the order of their keys. Ends early when the
 * signal is aborted.
 */
export async function* walk<Row>(
  read: (after: Row | undefined) => Promise<readonly Row[]>,
  signal: AbortSignal,
): AsyncGenerator<readonly Row[], void> {
  let after: Row | undefined;
  while (!signal.aborted) {
    const rows = await read(after);
    if (rows.length > 0) yield rows;
    if (rows.length < WALK_PAGE_COUNT) return;
    after = rows.at(-1);
    await setImmediate();
  }
}
