import { TransferError } from '../core/transfer-error.js';
import { onDisk } from './disk-error.js';
import { ProcessLock } from './process-lock.js';

/** Changes take milliseconds: whoever waits this long waits for a process that hangs. */
const LOCK_TIMEOUT_MS = 30_000;

/** Does `work` while no other process of this machine holds the lock at `path`. Throws what `work`
 *  throws, and TransferError on disk errors, also when a process does not let go in time. */
export async function holdingLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = await acquire(path);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

async function acquire(path: string): Promise<ProcessLock> {
  const signal = AbortSignal.timeout(LOCK_TIMEOUT_MS);
  try {
    return await onDisk({ path, verb: 'lock' }, () => ProcessLock.acquire(path, { signal }));
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new TransferError('DISK_FAILED', `another process does not let go of ${path}`);
  }
}
