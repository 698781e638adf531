import { readFileSync } from 'node:fs';
import { parseInvite, type Invite } from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import { hasErrno, onDiskSync } from './disk-error.js';

/** The invite that a tracker has left for its own user, or undefined. Trusted for nothing but who
 *  may write in that user's folder. Throws TransferError on disk errors; DISK_FAILED also for a
 *  file that holds no invite. */
export function readPointerFile(path: string): Invite | undefined {
  const text = onDiskSync({ path, verb: 'read' }, () => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  });
  if (text === undefined) return undefined;
  try {
    return parseInvite(text.trim());
  } catch {
    // The reason stays out: nothing of a secret's neighbourhood is printed.
    const message = `${path} holds no invite: start the tracker of this machine again, which writes it`;
    throw new TransferError('DISK_FAILED', message);
  }
}
