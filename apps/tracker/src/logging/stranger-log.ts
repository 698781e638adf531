import { Logger } from '@nestjs/common';

/** One line for all of a while. */
const MIN_LINE_INTERVAL_MS = 60_000;

/** Tells of what strangers decide the number of: now and then, and how many. */
export class StrangerLog {
  private readonly logger = new Logger('rpc');
  private lastLineMs = -Infinity;
  private unsaidCount = 0;

  /** `what` is a clause; of those that come too soon after a line only the number is told. */
  tell(what: string, nowMs = performance.now()): void {
    this.unsaidCount += 1;
    if (nowMs - this.lastLineMs < MIN_LINE_INTERVAL_MS) return;
    const count =
      this.unsaidCount === 1 ? '' : ` (${this.unsaidCount} of them since the last line)`;
    this.logger.warn(`${what}${count}`);
    this.lastLineMs = nowMs;
    this.unsaidCount = 0;
  }
}
