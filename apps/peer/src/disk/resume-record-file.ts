import { readFileSync } from 'node:fs';
import { rm, truncate } from 'node:fs/promises';
import { TransferError } from '../core/transfer-error.js';
import { temporaryPathOf, writeFileAtomically } from './atomic-file.js';
import { hasErrno, onDisk, onDiskSync } from './disk-error.js';
import { decodeResumeRecord, encodeResumeRecord, type ResumeRecord } from './resume-record.js';

/** What file systems allocate at a time. */
const ALLOCATION_BYTES = 4096;

/** Undefined when there is none, or none that can be believed. */
export function readResumeRecord(path: string): ResumeRecord | undefined {
  return onDiskSync({ path, verb: 'read' }, () => {
    try {
      return decodeResumeRecord(readFileSync(path));
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  });
}

/** Replaces the record atomically. Blank lines after it take as much space as the next record will
 *  need: on a full disk they are given up, so that what the disk still took can be claimed. */
export async function writeResumeRecord(
  path: string,
  record: ResumeRecord,
  options: { durability?: 'synced' | 'unsynced' } = {},
): Promise<void> {
  const bytes = encodeResumeRecord(record);
  const reserveBytes = (Math.ceil(bytes.length / ALLOCATION_BYTES) + 1) * ALLOCATION_BYTES;
  const padded = Buffer.alloc(bytes.length + reserveBytes, '\n');
  bytes.copy(padded);
  try {
    await writeFileAtomically(path, padded, options);
  } catch (error) {
    const isFull = error instanceof TransferError && error.code === 'DISK_FULL';
    const earlier = isFull ? readResumeRecord(path) : undefined;
    if (earlier === undefined) throw error;
    await onDisk({ path, verb: 'write' }, () => truncate(path, encodeResumeRecord(earlier).length));
    await writeFileAtomically(path, bytes, options);
  }
}

export async function removeResumeRecord(path: string): Promise<void> {
  await onDisk({ path, verb: 'remove' }, async () => {
    await rm(temporaryPathOf(path), { force: true });
    await rm(path, { force: true });
  });
}
