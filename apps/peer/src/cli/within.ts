import { TransferError } from '../core/transfer-error.js';

/** Runs `work` with a signal that also aborts after `timeoutMs`, when there is one. Throws
 *  TransferError TIMED_OUT when that is why it failed. */
export async function within<T>(
  timeoutMs: number | undefined,
  work: (signal: AbortSignal) => Promise<T>,
  { signal }: { signal: AbortSignal },
): Promise<T> {
  if (timeoutMs === undefined) return work(signal);
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    return await work(AbortSignal.any([signal, deadline]));
  } catch (error) {
    if (signal.aborted || !deadline.aborted) throw error;
    throw new TransferError('TIMED_OUT', 'there was no answer in time', { cause: error });
  }
}
