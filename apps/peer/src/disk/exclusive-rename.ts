import { linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { hasErrno } from './disk-error.js';

const NO_HARD_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'];

/** Renames within a file system, but never over a file that is there: then it throws the system's
 *  EEXIST and leaves both as they are. A hard link does it in one step; where there are none, a
 *  look before the rename has to do. */
export function renameExclusively(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!hasErrno(error, ...NO_HARD_LINKS)) throw error;
    assertAbsent(to);
    renameSync(from, to);
    return;
  }
  unlinkSync(from);
}

function assertAbsent(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  throw Object.assign(new Error(`EEXIST: ${path}`), { code: 'EEXIST', syscall: 'rename' });
}
