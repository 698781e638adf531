import { lstatSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { TransferError } from '../core/transfer-error.js';
import { hasErrno, onDiskSync } from './disk-error.js';
import { isInside } from './inside-folder.js';
import type { PlannedOutput } from './output-paths.js';

/** Makes the folders an output needs below its root. A symbolic link on the way may only lead to
 *  somewhere inside the root. Throws TransferError OUTSIDE_FOLDER, TARGET_EXISTS when a file is in
 *  a folder's place, DISK_PERMISSION, DISK_FULL or DISK_FAILED. */
export function makeOutputParent({ path, root }: PlannedOutput): Promise<void> {
  if (root === null) return Promise.resolve();
  onDiskSync({ path: root, verb: 'create' }, () => mkdirSync(root, { recursive: true }));
  const realRoot = onDiskSync({ path: root, verb: 'look at' }, () => realpathSync(root));
  let folder = root;
  for (const segment of relative(root, dirname(path)).split(sep)) {
    if (segment === '') continue;
    folder = join(folder, segment);
    const at = folder;
    onDiskSync({ path: at, verb: 'create' }, () => makeFolder(at, realRoot));
  }
  return Promise.resolve();
}

function makeFolder(folder: string, realRoot: string): void {
  try {
    mkdirSync(folder);
    return;
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error;
  }
  if (lstatSync(folder).isSymbolicLink() && !isInside(realpathSync(folder), realRoot)) {
    const message = `${folder} is a symbolic link that leads out of ${realRoot}`;
    throw new TransferError('OUTSIDE_FOLDER', message);
  }
  if (!statSync(folder).isDirectory()) {
    throw new TransferError('TARGET_EXISTS', `${folder} is not a folder`);
  }
}
