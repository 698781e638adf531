/** Half of what counts arrived within about this time. */
const DEFAULT_WINDOW_MS = 5_000;
/** The first bytes are taken to have needed at least this long. */
const MIN_AGE_MS = 250;

/**
 * Bytes per second of one peer, over a window that forgets exponentially: bytes that arrived
 * `windowMs` ago weigh 1/e of new ones. Right from the first bytes on: a young measurement is
 * divided by the part of the window that it has seen. Told the time; O(1).
 */
export class PeerRate {
  private readonly windowMs: number;
  private weighedBytes = 0;
  private startedAtMs: number | undefined;
  private updatedAtMs = 0;
  private sumBytes = 0;

  constructor(options: { windowMs?: number } = {}) {
    this.windowMs = options.windowMs ?? DEFAULT_WINDOW_MS;
  }

  /** All bytes ever received. */
  get totalBytes(): number {
    return this.sumBytes;
  }

  received(entry: { bytes: number; nowMs: number }): void {
    this.startedAtMs ??= entry.nowMs;
    this.weighedBytes = this.weighedBytes * this.remaining(entry.nowMs) + entry.bytes;
    this.updatedAtMs = Math.max(this.updatedAtMs, entry.nowMs);
    this.sumBytes += entry.bytes;
  }

  bytesPerSecond(nowMs: number): number {
    if (this.startedAtMs === undefined) return 0;
    const ageMs = Math.max(MIN_AGE_MS, nowMs - this.startedAtMs);
    const seenMs = this.windowMs * (1 - Math.exp(-ageMs / this.windowMs));
    return (this.weighedBytes * this.remaining(nowMs) * 1000) / seenMs;
  }

  /** The part of the weighed bytes that still counts. */
  private remaining(nowMs: number): number {
    return Math.exp(-Math.max(0, nowMs - this.updatedAtMs) / this.windowMs);
  }
}
