/** Rounding of sums over fractions of a byte. */
const SLACK_BYTES = 0.001;

/**
 * A limit in bytes per second that is told the time. It starts full and holds at most `burstBytes`;
 * what is larger than that is let through when the bucket is full and leaves it in debt, so that the
 * rate holds over time whatever the size of one take. A rate of Infinity never waits.
 */
export class TokenBucket {
  private availableBytes: number;
  private filledAtMs: number | undefined;

  constructor(private readonly options: { bytesPerSecond: number; burstBytes: number }) {
    if (!(options.bytesPerSecond > 0) || !(options.burstBytes > 0)) {
      throw new RangeError('a token bucket needs a rate and a burst above 0');
    }
    this.availableBytes = options.burstBytes;
  }

  /** Takes `bytes` and returns 0, or takes nothing and returns the milliseconds to wait. */
  take(request: { bytes: number; nowMs: number }): number {
    const { bytesPerSecond, burstBytes } = this.options;
    if (bytesPerSecond === Infinity) return 0;
    this.fill(request.nowMs);
    const shortBytes = Math.min(request.bytes, burstBytes) - this.availableBytes;
    if (shortBytes > SLACK_BYTES) return Math.ceil((shortBytes * 1000) / bytesPerSecond);
    this.availableBytes -= request.bytes;
    return 0;
  }

  /** Bytes that were taken and not used. */
  giveBack({ bytes }: { bytes: number }): void {
    this.availableBytes = Math.min(this.options.burstBytes, this.availableBytes + bytes);
  }

  /** A clock that went back fills nothing. */
  private fill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - (this.filledAtMs ?? nowMs));
    const filledBytes = this.availableBytes + (elapsedMs * this.options.bytesPerSecond) / 1000;
    this.availableBytes = Math.min(this.options.burstBytes, filledBytes);
    this.filledAtMs = nowMs;
  }
}
