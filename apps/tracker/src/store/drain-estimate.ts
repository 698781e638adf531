import { MAX_RETRY_AFTER_MS } from '#protocol';

/** Until something was measured: a commit of its own for each write. */
const FIRST_GUESS_MS = 1;
/** What the latest batch counts for. */
const LATEST_SHARE = 0.2;
/** Less would bring the asker back before much has changed. */
const MIN_RETRY_AFTER_MS = 100;

/** How long it takes until what waits is written, from how long it took lately. Is told the time. */
export class DrainEstimate {
  private msPerJob = FIRST_GUESS_MS;

  note({ jobCount, elapsedMs }: { jobCount: number; elapsedMs: number }): void {
    const latest = elapsedMs / Math.max(1, jobCount);
    this.msPerJob += LATEST_SHARE * (latest - this.msPerJob);
  }

  /** For whoever finds so many waiting; MIN_RETRY_AFTER_MS to MAX_RETRY_AFTER_MS. */
  retryAfterMs(waitingCount: number): number {
    const drainMs = Math.round(waitingCount * this.msPerJob);
    return Math.min(MAX_RETRY_AFTER_MS, Math.max(MIN_RETRY_AFTER_MS, drainMs));
  }
}
