import { lstatSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { TransferError } from '../core/transfer-error.js';
import { temporaryPathOf } from './atomic-file.js';
import { hasErrno, onDisk, onDiskSync } from './disk-error.js';
import { downloadPaths } from './download-paths.js';
import { syncFolder } from './folder-sync.js';
import { isInside } from './inside-folder.js';
import { makeLastingFolder } from './lasting-folder.js';
import type { PlannedOutput } from './output-paths.js';

/** The folders of one download, each made and looked at once. */
export class OutputFolders {
  /** What was in a folder when it was first needed. */
  private readonly found = new Map<string, Promise<ReadonlySet<string>>>();
  /** Folders with names in them that a power cut might still take away. */
  private unsynced = new Set<string>();
  private syncing: Promise<void> = Promise.resolve();

  /** As {@link makeOutputParent}. */
  async makeParent(plan: PlannedOutput): Promise<void> {
    if (plan.root !== null) await this.namesBeside(plan);
  }

  /** Whether nothing of an earlier download was there, nor what it would have to leave alone.
   *  Throws as {@link makeOutputParent}. */
  async wasUntouched(plan: PlannedOutput, existingFile: 'refuse' | 'replace'): Promise<boolean> {
    const { part, record, lock } = downloadPaths(plan.path);
    const names = await this.namesBeside(plan);
    const begun = [part, record, temporaryPathOf(record), lock];
    if (begun.some((path) => names.has(basename(path)))) return false;
    return existingFile === 'replace' || !names.has(basename(plan.path));
  }

  /** Sees to it that all folders made so far survive a power cut, and what an earlier process has
   *  left in them: a file in a folder that is lost is lost with it. Throws TransferError. */
  settle(): Promise<void> {
    const settled = this.syncing.then(() => this.sync());
    this.syncing = settled.catch(() => undefined);
    return settled;
  }

  private async sync(): Promise<void> {
    const folders = this.unsynced;
    this.unsynced = new Set();
    for (const path of folders) {
      try {
        await onDisk({ path, verb: 'sync' }, () => syncFolder(path));
      } catch (error) {
        this.unsynced = new Set([...folders, ...this.unsynced]);
        throw error;
      }
    }
  }

  private namesBeside(plan: PlannedOutput): Promise<ReadonlySet<string>> {
    const path = dirname(plan.path);
    const known = this.found.get(path);
    if (known !== undefined) return known;
    const names = Promise.resolve().then(async () => {
      await makeOutputParent(plan);
      const names = new Set(onDiskSync({ path, verb: 'read' }, () => readdirSync(path)));
      if (names.size > 0) this.unsynced.add(path);
      for (const folder of foldersAbove(plan)) this.unsynced.add(folder);
      return names;
    });
    this.found.set(path, names);
    return names;
  }
}

/** From the root on, without the one that the output is in. */
function foldersAbove({ path, root }: PlannedOutput): string[] {
  if (root === null) return [];
  const segments = relative(root, dirname(path)).split(sep).filter(Boolean);
  return segments.map((_, index) => join(root, ...segments.slice(0, index)));
}

/** Makes the folders an output needs below its root. A symbolic link on the way may only lead to
 *  somewhere inside the root. Throws TransferError OUTSIDE_FOLDER, TARGET_EXISTS when a file is in
 *  a folder's place, DISK_PERMISSION, DISK_FULL or DISK_FAILED. */
export async function makeOutputParent({ path, root }: PlannedOutput): Promise<void> {
  if (root === null) return;
  await makeRoot(root);
  const realRoot = onDiskSync({ path: root, verb: 'look at' }, () => realpathSync(root));
  let folder = root;
  for (const segment of relative(root, dirname(path)).split(sep)) {
    if (segment === '') continue;
    folder = join(folder, segment);
    const at = folder;
    onDiskSync({ path: at, verb: 'create' }, () => makeFolder(at, realRoot));
  }
}

/** The folder that outputs go to, and those above it. Throws TransferError. */
export async function makeRoot(root: string): Promise<void> {
  await onDisk({ path: root, verb: 'create' }, () => makeLastingFolder(root));
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
