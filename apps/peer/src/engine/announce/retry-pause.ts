import { backoffMs } from '../../core/backoff.js';
import type { Wakeable } from '../wakeable.js';

const RETRY_BASE_MS = 250;
const RETRY_MAX_MS = 5_000;

/** The pauses after attempts that failed, one after the other. */
export class RetryPause {
  private failedCount = 0;

  constructor(
    private readonly wakeable: Wakeable,
    private readonly stopping: AbortSignal,
  ) {}

  succeeded(): void {
    this.failedCount = 0;
  }

  /** Returns how many have failed before this one since the last success. */
  failed(): number {
    this.failedCount += 1;
    return this.failedCount - 1;
  }

  /** News end it early, unless the tracker asked for it. */
  async sleep(askedMs: number | undefined): Promise<void> {
    const attempt = this.failedCount - 1;
    const limits = { baseMs: RETRY_BASE_MS, maxMs: RETRY_MAX_MS };
    const endMs =
      performance.now() + backoffMs({ attempt, askedMs, random: Math.random, ...limits });
    do await this.wakeable.sleep(endMs - performance.now());
    while (askedMs !== undefined && !this.stopping.aborted && performance.now() < endMs);
  }
}
