import { closeSync, fsync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { hasErrno } from './disk-error.js';

const sync = promisify(fsync);

const NOTHING_TO_SYNC = ['EINVAL', 'EISDIR', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP'];
/** A folder that may be written to and not read cannot be opened. */
const UNREADABLE = 'EACCES';

/** Makes names created, renamed or removed in a folder survive a power cut. File systems that know
 *  no such thing refuse it, and then there is nothing to wait for. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const fd = openSync(path, 'r');
    try {
      await sync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (!hasErrno(error, ...NOTHING_TO_SYNC, UNREADABLE)) throw error;
  }
}
