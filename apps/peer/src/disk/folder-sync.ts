import { open } from 'node:fs/promises';
import { hasErrno } from './disk-error.js';

/** Makes names created, renamed or removed in a folder survive a power cut. File systems that know
 *  no such thing refuse it, and then there is nothing to wait for. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!hasErrno(error, 'EINVAL', 'EISDIR', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP')) throw error;
  }
}
