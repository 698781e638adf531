import { TransferError } from '../../core/transfer-error.js';
import type { Fetch } from '../transfer/fetch.js';
import { TICK_MS } from '../peer-config.js';

/** A fetch that has had no byte for this long, and nobody to ask, is said to be waiting. */
const WAITING_AFTER_MS = 1_000;

export interface WaitContext {
  readonly name: string;
  readonly timeoutMs: number | undefined;
  /** Undefined while the tracker answers. */
  trackerError(): Error | undefined;
  /** Peers said to have what is missing, that have not turned out to be gone. */
  holderCount(): number;
  onWaiting(reason: string): void;
}

/** Watches a fetch that may have nothing to fetch from: says so, and ends it after the timeout.
 *  Owns its timer. Source: interface.md, "Waiting". */
export class WaitWatch {
  private readonly timer: NodeJS.Timeout;
  private saidReason: string | undefined;

  constructor(
    private readonly fetch: Fetch,
    private readonly context: WaitContext,
  ) {
    this.timer = setInterval(() => this.look(), TICK_MS);
  }

  close(): void {
    clearInterval(this.timer);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private look(): void {
    const { fetch, context } = this;
    const silentMs = performance.now() - fetch.lastByteMs;
    const { missingCount, assignedCount } = fetch.picker;
    if (missingCount + assignedCount === 0) return;
    if (context.timeoutMs !== undefined && silentMs >= context.timeoutMs) {
      fetch.stop(this.timeoutError());
      return;
    }
    if (silentMs < WAITING_AFTER_MS) {
      this.saidReason = undefined;
      return;
    }
    const reason = this.reason();
    if (reason === undefined || reason === this.saidReason) return;
    this.saidReason = reason;
    context.onWaiting(reason);
  }

  private reason(): string | undefined {
    if (this.fetch.sourceCount > 0) return undefined;
    const trackerError = this.context.trackerError();
    if (this.fetch.peerCount > 0) return 'no connected peer has what is missing';
    if (trackerError !== undefined) return trackerError.message;
    if (this.context.holderCount() > 0) return 'connecting to peers';
    return 'no peer has what is missing';
  }

  private timeoutError(): TransferError {
    const { name } = this.context;
    const { fetch } = this;
    if (fetch.sourceCount > 0) {
      return new TransferError('TIMED_OUT', `${name}: no byte came in time`);
    }
    const trackerError = this.context.trackerError();
    if (trackerError !== undefined && fetch.peerCount === 0) {
      const message = `${name}: neither the tracker nor any peer can be reached`;
      return new TransferError('TRACKER_UNREACHABLE', message, { cause: trackerError });
    }
    if (this.context.holderCount() > 0) {
      return new TransferError('TIMED_OUT', `${name}: no peer that has it answered in time`);
    }
    return new TransferError('NO_SOURCE', `${name}: no known peer has what is missing`);
  }
}
