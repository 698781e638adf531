import { link, lstat, rename, unlink } from 'node:fs/promises';
import { hasErrno } from './disk-error.js';

const NO_HARD_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'];

/** Renames within a folder, but never over a file that is there: then it throws the system's
 *  EEXIST and leaves both as they are. A hard link does it in one step; where there are none, a
 *  look before the rename has to do. */
export async function renameExclusively(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!hasErrno(error, ...NO_HARD_LINKS)) throw error;
    await assertAbsent(to);
    await rename(from, to);
    return;
  }
  await unlink(from);
}

async function assertAbsent(path: string): Promise<void> {
  try {
    await lstat(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return;
    throw error;
  }
  throw Object.assign(new Error(`EEXIST: ${path}`), { code: 'EEXIST', syscall: 'rename' });
}
