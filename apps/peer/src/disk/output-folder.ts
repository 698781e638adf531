import { lstatSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { TransferError } from '../core/transfer-error.js';
import { hasErrno, onDiskSync } from './disk-error.js';
import { downloadPaths } from './download-paths.js';
import { isInside } from './inside-folder.js';
import type { PlannedOutput } from './output-paths.js';

/** The folders of one download, each made and looked at once. */
export class OutputFolders {
  /** What was in a folder when it was first needed. */
  private readonly found = new Map<string, Promise<ReadonlySet<string>>>();

  /** As {@link makeOutputParent}. */
  async makeParent(plan: PlannedOutput): Promise<void> {
    if (plan.root !== null) await this.namesBeside(plan);
  }

  /** Whether nothing of an earlier download was there, nor what it would have to leave alone.
   *  Throws as {@link makeOutputParent}. */
  async wasUntouched(plan: PlannedOutput, existingFile: 'refuse' | 'replace'): Promise<boolean> {
    const { part, record } = downloadPaths(plan.path);
    const names = await this.namesBeside(plan);
    if (names.has(basename(part)) || names.has(basename(record))) return false;
    return existingFile === 'replace' || !names.has(basename(plan.path));
  }

  private namesBeside(plan: PlannedOutput): Promise<ReadonlySet<string>> {
    const path = dirname(plan.path);
    const known = this.found.get(path);
    if (known !== undefined) return known;
    const names = Promise.resolve().then(async () => {
      await makeOutputParent(plan);
      return new Set(onDiskSync({ path, verb: 'read' }, () => readdirSync(path)));
    });
    this.found.set(path, names);
    return names;
  }
}

/** Makes the folders an output needs below its root. A symbolic link on the way may only lead to
 *  somewhere inside the root. Throws TransferError OUTSIDE_FOLDER, TARGET_EXISTS when a file is in
 *  a folder's place, DISK_PERMISSION, DISK_FULL or DISK_FAILED. */
export function makeOutputParent({ path, root }: PlannedOutput): Promise<void> {
  if (root === null) return Promise.resolve();
  makeRoot(root);
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

/** The folder that outputs go to, and those above it. Throws TransferError. */
export function makeRoot(root: string): void {
  onDiskSync({ path: root, verb: 'create' }, () => mkdirSync(root, { recursive: true }));
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
