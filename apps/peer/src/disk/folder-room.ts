import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { onDisk } from './disk-error.js';

/** Room in a folder that exists. Throws TransferError DISK_PERMISSION when this user may not write
 *  there, or another one of the disk's. */
export async function freeBytesIn(folder: string): Promise<number> {
  return onDisk({ path: folder, verb: 'write to' }, async () => {
    await access(folder, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  });
}
