/** Doublings after which the wait is surely at its limit. */
const MAX_DOUBLING_COUNT = 30;

/**
 * How long to wait before trying again: `baseMs` doubled for each attempt, at most `maxMs`, of which
 * the second half is random so that many peers do not come back together. The first attempt is 0.
 */
export function backoffMs(options: {
  attempt: number;
  random: () => number;
  baseMs: number;
  maxMs: number;
}): number {
  const doublingCount = Math.min(Math.max(0, options.attempt), MAX_DOUBLING_COUNT);
  const ceilingMs = Math.min(options.maxMs, options.baseMs * 2 ** doublingCount);
  return Math.round(ceilingMs / 2 + (options.random() * ceilingMs) / 2);
}
