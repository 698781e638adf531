import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { syncTogether } from './batch-sync.js';
import { diskError } from './disk-error.js';
import { syncFolder } from './folder-sync.js';
import type { StagedFile } from './staged-file.js';

/** Files that get their names before the event loop gets a turn. */
const FILES_PER_TURN = 64;

/** A file that is written, and where it belongs. */
export interface PlacedFile {
  readonly staged: StagedFile;
  /** Absolute. */
  readonly outputPath: string;
  readonly existingFile: 'refuse' | 'replace';
}

/** Puts many files in place with one sync for all of their bytes before, and one for each folder
 *  after: whatever appears under its name is whole and on the disk. Returns the TransferErrors of
 *  those that failed. */
export async function placeTogether<F extends PlacedFile>(
  files: readonly F[],
  stagingPath: string,
): Promise<Map<F, Error>> {
  const failures = new Map<F, Error>();
  try {
    await syncTogether(
      files.map(({ staged }) => staged.currentPath),
      stagingPath,
    );
  } catch (error) {
    const failure = diskError(error, { path: stagingPath, verb: 'sync' });
    return new Map(files.map((file) => [file, failure]));
  }
  const folders = new Map<string, F[]>();
  for (const [index, file] of files.entries()) {
    if (index % FILES_PER_TURN === FILES_PER_TURN - 1) await setImmediate();
    try {
      file.staged.place(file.outputPath, file.existingFile);
    } catch (error) {
      failures.set(file, error as Error);
      continue;
    }
    const folder = dirname(file.outputPath);
    const others = folders.get(folder);
    if (others === undefined) folders.set(folder, [file]);
    else others.push(file);
  }
  for (const [folder, placed] of folders) {
    try {
      await syncFolder(folder);
    } catch (error) {
      const failure = diskError(error, { path: folder, verb: 'sync' });
      for (const file of placed) failures.set(file, failure);
    }
  }
  return failures;
}
