import { lstatSync, readdirSync, realpathSync, statSync, type Dirent, type Stats } from 'node:fs';
import { join } from 'node:path';
import { TransferError } from '../core/transfer-error.js';
import { hasErrno, onDiskSync } from './disk-error.js';
import { isInside } from './inside-folder.js';
import { isStagingName } from './staging-folder.js';

const RECORD_ENDING = '.resume';
const PART_ENDING = '.part';

/** A file found in a folder. */
export interface FoundFile {
  /** Absolute. */
  readonly path: string;
  /** From the folder on, `/`-separated. */
  readonly relativePath: string;
  readonly sizeBytes: number;
}

/**
 * Walks the regular files of a folder and its folders, in no particular order; synchronously, since
 * that takes a tenth of the time. A symbolic link to a file inside the folder counts as the file; a
 * link to a folder inside it is passed over, since that folder's files are found anyway; so are
 * unfinished downloads. Throws TransferError OUTSIDE_FOLDER for a link that leads out,
 * PATH_NOT_FOUND for one that leads nowhere, USAGE for devices, pipes and sockets, and
 * DISK_PERMISSION.
 */
export function* walkFolder(folder: string): Generator<FoundFile, void, void> {
  const realFolder = onDiskSync({ path: folder, verb: 'look at' }, () => realpathSync(folder));
  const waiting = [''];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const path = join(folder, at);
    const found = onDiskSync({ path, verb: 'read' }, () =>
      readdirSync(path, { withFileTypes: true }),
    );
    const names = new Set(found.map(({ name }) => name));
    for (const entry of found) {
      if (isUnfinished(entry.name, names)) continue;
      assertReadable(path, entry.name);
      const relativePath = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory()) {
        waiting.push(relativePath);
        continue;
      }
      const file = join(folder, relativePath);
      const stats = statsOf(file, entry, realFolder);
      if (stats !== undefined) yield { path: file, relativePath, sizeBytes: stats.size };
    }
  }
}

/** A name that is no UTF-8 comes with this character in it, and leads to no file. */
function assertReadable(folder: string, name: string): void {
  if (!name.includes('\ufffd')) return;
  const message = `${folder} has a file whose name is not UTF-8: ${JSON.stringify(name)}`;
  throw new TransferError('INVALID_NAME', message);
}

/** Undefined for what is passed over. */
function statsOf(path: string, entry: Dirent, realFolder: string): Stats | undefined {
  const stats = entry.isSymbolicLink()
    ? followed(path, realFolder)
    : onDiskSync({ path, verb: 'look at', missing: 'PATH_NOT_FOUND' }, () => lstatSync(path));
  if (stats.isFile()) return stats;
  if (stats.isDirectory()) return undefined;
  throw new TransferError('USAGE', `${path} is a device, pipe or socket, not a regular file`);
}

function followed(path: string, realFolder: string): Stats {
  const realPath = onDiskSync({ path, verb: 'follow' }, () => {
    try {
      return realpathSync(path);
    } catch (error) {
      if (!hasErrno(error, 'ENOENT', 'ELOOP', 'ENOTDIR')) throw error;
      throw new TransferError('PATH_NOT_FOUND', `${path} is a symbolic link that leads nowhere`);
    }
  });
  if (!isInside(realPath, realFolder)) {
    const message = `${path} is a symbolic link that leads out of ${realFolder}`;
    throw new TransferError('OUTSIDE_FOLDER', message);
  }
  return onDiskSync({ path, verb: 'look at' }, () => statSync(realPath));
}

/** `X.part` and `X.part.resume`, when both are there, what a killed process left of them, and where
 *  small files are written. */
function isUnfinished(name: string, names: ReadonlySet<string>): boolean {
  if (isStagingName(name)) return true;
  const stem = name.replace(/\.(lock|tmp)$/, '');
  if (stem.endsWith(PART_ENDING + RECORD_ENDING)) {
    return names.has(stem.slice(0, -RECORD_ENDING.length));
  }
  return name.endsWith(PART_ENDING) && names.has(name + RECORD_ENDING);
}
