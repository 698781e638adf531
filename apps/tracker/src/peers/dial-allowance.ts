import { RecentMap } from '../store/recent-map.js';

/** Looks that an identity may cause at once, and how long one more takes. */
const MAX_BURST_COUNT = 12;
const MS_PER_LOOK = 5_000;
const MAX_KEPT_COUNT = 32_768;

interface Purse {
  readonly count: number;
  readonly atMs: number;
}

/** How often a member may make the tracker dial. Is told the time. */
export class DialAllowance {
  private readonly purses = new RecentMap<string, Purse>(MAX_KEPT_COUNT);

  /** False: not now. */
  take(identity: string, nowMs: number): boolean {
    const kept = this.purses.get(identity) ?? { count: MAX_BURST_COUNT, atMs: nowMs };
    const elapsedMs = Math.max(0, nowMs - kept.atMs);
    const count = Math.min(MAX_BURST_COUNT, kept.count + elapsedMs / MS_PER_LOOK);
    if (count < 1) return false;
    this.purses.set(identity, { count: count - 1, atMs: nowMs });
    return true;
  }
}
