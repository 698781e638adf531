/** Doublings after which the wait is surely at its limit. */
const MAX_DOUBLING_COUNT = 30;

/**
 * How long to wait before trying again: `baseMs` doubled for each attempt, at most `maxMs`, of which
 * the second half is random so that many peers do not come back together. The first attempt is 0.
 * Who was asked to wait for `askedMs` waits at least that long, and up to half as long again.
 */
export function backoffMs(options: {
  attempt: number;
  random: () => number;
  baseMs: number;
  maxMs: number;
  askedMs?: number | undefined;
}): number {
  const doublingCount = Math.min(Math.max(0, options.attempt), MAX_DOUBLING_COUNT);
  const ceilingMs = Math.min(options.maxMs, options.baseMs * 2 ** doublingCount);
  const dice = options.random();
  const ownMs = ceilingMs / 2 + (dice * ceilingMs) / 2;
  const askedMs = options.askedMs ?? 0;
  return Math.round(Math.max(ownMs, askedMs + (dice * askedMs) / 2));
}
