import { lstatSync, rmSync, statfsSync, statSync, type BigIntStats } from 'node:fs';
import { TransferError } from '../core/transfer-error.js';
import { temporaryPathOf } from './atomic-file.js';
import { onDisk, onDiskSync } from './disk-error.js';
import type { DownloadPaths } from './download-paths.js';
import { syncFolder } from './folder-sync.js';
import { isRunning } from './process-stamp.js';
import type { ResumeRecord } from './resume-record.js';

const STAT_BLOCK_BYTES = 512n;

/** Throws TransferError TARGET_FOLDER_MISSING. */
export function assertFolder(paths: DownloadPaths): void {
  const context = {
    path: paths.folder,
    verb: 'look at',
    missing: 'TARGET_FOLDER_MISSING',
  } as const;
  const stats = onDiskSync(context, () => statSync(paths.folder));
  if (stats.isDirectory()) return;
  throw new TransferError('TARGET_FOLDER_MISSING', `${paths.folder} is not a folder`);
}

/** Throws TransferError TARGET_EXISTS; a folder in the way is never replaced. */
export function assertFree(paths: DownloadPaths, existingFile: 'refuse' | 'replace'): void {
  const output = inspect(paths.output);
  if (output === undefined) return;
  if (output.isDirectory()) {
    throw new TransferError('TARGET_EXISTS', `${paths.output} is a folder`);
  }
  if (existingFile === 'replace') return;
  throw new TransferError('TARGET_EXISTS', `${paths.output} exists already`);
}

/** Whether an earlier download has left something to take up, or a process is at work. */
export function isBegun({ part, record }: DownloadPaths): boolean {
  return [part, record, temporaryPathOf(record)].some((path) => inspect(path) !== undefined);
}

/** Throws TransferError TARGET_BUSY while the process that the record names still runs. */
export function assertUnowned(paths: DownloadPaths, record: ResumeRecord | undefined): void {
  const owner = record?.owner;
  if (owner === undefined || owner === null || !isRunning(owner)) return;
  const message = `${paths.output} is being downloaded by process ${owner.pid}`;
  throw new TransferError('TARGET_BUSY', message);
}

/** Removes what a process left that was killed between moving its file into place and tidying up:
 *  the part is then a second name of the output, and must not be written to. */
export async function tidyFinished(paths: DownloadPaths): Promise<void> {
  const output = inspect(paths.output);
  const part = inspect(paths.part);
  if (output === undefined || (part !== undefined && part.ino !== output.ino)) return;
  await onDisk({ path: paths.part, verb: 'remove' }, async () => {
    // It was killed before it could see to it that the output's name lasts.
    if (isBegun(paths)) await syncFolder(paths.folder);
    rmSync(paths.part, { force: true });
    rmSync(paths.record, { force: true });
    rmSync(temporaryPathOf(paths.record), { force: true });
  });
}

/** Throws TransferError DISK_FULL when the file system cannot take what the part lacks. */
export function assertRoom(paths: DownloadPaths, sizeBytes: number): void {
  const takenBytes = (inspect(paths.part)?.blocks ?? 0n) * STAT_BLOCK_BYTES;
  const neededBytes = BigInt(sizeBytes) - takenBytes;
  const freeBytes = freeBytesIn(paths.folder);
  if (freeBytes === undefined || neededBytes <= freeBytes) return;
  const message = `${paths.output} needs ${neededBytes} bytes, ${freeBytes} are free`;
  throw new TransferError('DISK_FULL', message);
}

/** Throws TransferError DISK_FULL when the file system takes not a byte: it would still take the name
 *  of a lock, which nobody could then claim. */
export function assertNotFull({ output, folder }: DownloadPaths): void {
  if (freeBytesIn(folder) !== 0n) return;
  throw new TransferError('DISK_FULL', `cannot create ${output}: no space is left on the disk`);
}

/** Undefined where that is not known: some network file systems report no size at all. */
function freeBytesIn(folder: string): bigint | undefined {
  const { bavail, bsize, blocks } = onDiskSync({ path: folder, verb: 'look at' }, () =>
    statfsSync(folder, { bigint: true }),
  );
  return blocks === 0n ? undefined : bavail * bsize;
}

function inspect(path: string): BigIntStats | undefined {
  return onDiskSync({ path, verb: 'look at' }, () =>
    lstatSync(path, { bigint: true, throwIfNoEntry: false }),
  );
}
