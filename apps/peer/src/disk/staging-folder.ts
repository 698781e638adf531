import { mkdtempSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '#protocol';
import { hasErrno, onDiskSync } from './disk-error.js';
import { isRunning, thisProcess, type ProcessStamp } from './process-stamp.js';
import { StagedFile } from './staged-file.js';

/** `.shoal-`, the owner's pid, its start in clock ticks, the boot it belongs to, and six random
 *  characters. Both of the middle ones may be empty. */
const NAME_PATTERN = /^\.shoal-(\d+)-(\d*)-([0-9a-f-]*)-[A-Za-z0-9]{6}$/;
const FILE_PATTERN = /^\d+$/;

/** Where the small files of one download are written before they get their names: a folder of this
 *  process alone inside the one they go to. Its name tells whose it is, so that the next download
 *  removes what a killed process has left. */
export class StagingFolder {
  private nextNumber = 0;

  private constructor(readonly path: string) {}

  /** Throws TransferError DISK_FULL, DISK_PERMISSION or DISK_FAILED. */
  static open(root: string): StagingFolder {
    return onDiskSync({ path: root, verb: 'write to' }, () => {
      for (const name of readdirSync(root)) {
        const owner = ownerOf(name);
        if (owner !== undefined && !isRunning(owner)) removeStaging(join(root, name));
      }
      const { pid, startedAtTicks, bootId } = thisProcess();
      return new StagingFolder(
        mkdtempSync(join(root, `.shoal-${pid}-${startedAtTicks}-${bootId}-`)),
      );
    });
  }

  /** A file of at most one chunk; nothing is written yet. */
  stage(manifest: Manifest): StagedFile {
    const number = this.nextNumber++;
    return new StagedFile(join(this.path, String(number)), manifest);
  }

  /** Removes what has got no name, and the folder. */
  close(): void {
    onDiskSync({ path: this.path, verb: 'remove' }, () => removeStaging(this.path));
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Whether a folder's entry is a staging folder, of whomever. */
export function isStagingName(name: string): boolean {
  return ownerOf(name) !== undefined;
}

function ownerOf(name: string): ProcessStamp | undefined {
  const [, pid, startedAtTicks, bootId] = NAME_PATTERN.exec(name) ?? [];
  if (pid === undefined) return undefined;
  return { pid: Number(pid), startedAtTicks: startedAtTicks!, bootId: bootId! };
}

/** Only what is ours: anything else in it is left where it is, and then so is the folder. */
function removeStaging(path: string): void {
  try {
    for (const name of readdirSync(path)) if (FILE_PATTERN.test(name)) unlinkSync(join(path, name));
    rmdirSync(path);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EISDIR')) throw error;
  }
}
