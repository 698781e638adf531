const MIN_BYTES = 64 * 1024;
const FIRST_BYTES = 256 * 1024;
const MAX_BYTES = 2 * 1024 * 1024;
/** What waits in front of a socket for less than this could have been more. */
const QUICK_MS = 15;
/** What waits longer holds up the short messages behind it. */
const SLOW_MS = 40;

/**
 * How many bytes may wait in front of one socket: so many that a fast link is fed with few large
 * writes, so few that a short message never waits long on a slow one. Doubles while the bytes leave
 * quickly, halves when they do not.
 */
export class SendWindow {
  private currentBytes = FIRST_BYTES;
  private waitingSinceMs: number | undefined;

  get bytes(): number {
    return this.currentBytes;
  }

  /** `bytes` were handed to the system, which left `unsentBytes` waiting. */
  wrote(entry: { bytes: number; unsentBytes: number; nowMs: number }): void {
    if (entry.unsentBytes > 0) {
      this.waitingSinceMs ??= entry.nowMs;
      return;
    }
    this.waitingSinceMs = undefined;
    if (entry.bytes >= this.currentBytes / 2) this.grow();
  }

  /** Nothing waits any more. */
  drained(nowMs: number): void {
    if (this.waitingSinceMs === undefined) return;
    const elapsedMs = nowMs - this.waitingSinceMs;
    this.waitingSinceMs = undefined;
    if (elapsedMs < QUICK_MS) this.grow();
    if (elapsedMs > SLOW_MS) this.currentBytes = Math.max(MIN_BYTES, this.currentBytes / 2);
  }

  private grow(): void {
    this.currentBytes = Math.min(MAX_BYTES, this.currentBytes * 2);
  }
}
