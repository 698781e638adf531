import { setTimeout } from 'node:timers/promises';
import { TransferError } from '../../core/transfer-error.js';

const BRIEF_ATTEMPTS = 3;
const RETRY_MS = 700;
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface Patience {
  /** Without a time-out: as long as a quick restart of the tracker takes, or until it is back. */
  readonly kind: 'brief' | 'endless';
  readonly timeoutMs: number | undefined;
  /** Told once for each new reason to wait. */
  readonly onWaiting: (reason: string) => void;
  readonly signal: AbortSignal;
}

/** Asks again while the tracker cannot be reached, until patience is over; then rejects with the
 *  last TransferError TRACKER_UNREACHABLE. */
export async function askPatiently<T>(
  ask: (options: { signal: AbortSignal }) => Promise<T>,
  { kind, timeoutMs, onWaiting, signal }: Patience,
): Promise<T> {
  const deadlines = timeoutMs === undefined ? [] : [AbortSignal.timeout(clamped(timeoutMs))];
  const bounded = AbortSignal.any([signal, ...deadlines]);
  const maxAttempts = timeoutMs === undefined && kind === 'brief' ? BRIEF_ATTEMPTS : Infinity;
  let away = new TransferError('TRACKER_UNREACHABLE', 'the tracker does not answer in time');
  let saidReason: string | undefined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask({ signal: bounded });
    } catch (error) {
      signal.throwIfAborted();
      if (bounded.aborted) throw away;
      if (!isAway(error)) throw error;
      away = error;
    }
    if (attempt >= maxAttempts) throw away;
    if (away.message !== saidReason) onWaiting(away.message);
    saidReason = away.message;
    try {
      await setTimeout(RETRY_MS, undefined, { signal: bounded });
    } catch {
      signal.throwIfAborted();
      throw away;
    }
  }
}

function clamped(timeoutMs: number): number {
  return Math.min(timeoutMs, MAX_TIMER_MS);
}

function isAway(error: unknown): error is TransferError {
  return error instanceof TransferError && error.code === 'TRACKER_UNREACHABLE';
}
