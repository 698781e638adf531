import type { TokenBucket } from '../../core/token-bucket.js';

/** Timers count from a clock of whole milliseconds, and so may end this much too early. */
const TIMER_SLACK_MS = 1;

/** A token bucket with a clock: lets bytes through at its rate. Owns the timers it waits with. */
export class RateGate {
  private readonly timers = new Map<NodeJS.Timeout, () => void>();
  private isClosed = false;

  constructor(private readonly bucket: TokenBucket) {}

  /** False when the rate is used up; then `wake` is called once there is some again. */
  tryPass(bytes: number, wake: () => void): boolean {
    if (this.isClosed) return true;
    const waitMs = this.bucket.take({ bytes, nowMs: performance.now() });
    if (waitMs === 0) return true;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      wake();
    }, waitMs + TIMER_SLACK_MS);
    this.timers.set(timer, wake);
    return false;
  }

  /** Bytes that were let through and did not come. */
  giveBack(bytes: number): void {
    this.bucket.giveBack({ bytes });
  }

  /** Resolves once the bytes may pass. */
  async pass(bytes: number): Promise<void> {
    for (;;) {
      let wake!: () => void;
      const woken = new Promise<void>((resolve) => (wake = resolve));
      if (this.tryPass(bytes, wake)) return;
      await woken;
    }
  }

  /** Lets everybody through who still waits. */
  close(): void {
    this.isClosed = true;
    const waiting = [...this.timers];
    this.timers.clear();
    for (const [timer, wake] of waiting) {
      clearTimeout(timer);
      wake();
    }
  }
}
