import { TransferError, type TransferCode } from '../core/transfer-error.js';

/** What was being done when the disk refused. */
export interface DiskContext {
  readonly path: string;
  /** A verb for the sentence: `cannot VERB PATH: why`. */
  readonly verb: string;
  /** What a missing file means here; DISK_FAILED unless given. */
  readonly missing?: TransferCode;
}

const FAULTS: Readonly<Record<string, { code: TransferCode; why: string }>> = {
  ENOSPC: { code: 'DISK_FULL', why: 'no space is left on the disk' },
  EDQUOT: { code: 'DISK_FULL', why: 'the disk quota is used up' },
  EFBIG: { code: 'DISK_FULL', why: 'the file system does not take files this large' },
  EACCES: { code: 'DISK_PERMISSION', why: 'permission denied' },
  EPERM: { code: 'DISK_PERMISSION', why: 'the operation is not permitted' },
  EROFS: { code: 'DISK_PERMISSION', why: 'the file system is read-only' },
  EEXIST: { code: 'TARGET_EXISTS', why: 'it exists already' },
  ELOOP: { code: 'DISK_FAILED', why: 'a symbolic link is in its place' },
  EMFILE: { code: 'DISK_FAILED', why: 'too many files are open in this process' },
  ENFILE: { code: 'DISK_FAILED', why: 'too many files are open on this machine' },
  EIO: { code: 'DISK_FAILED', why: 'the disk reported an input/output error' },
};

/** Turns an error of a file operation into a TransferError that names the path and keeps the
 *  cause. Anything else (an abort, a bug) is returned as it is. */
export function diskError(error: unknown, context: DiskContext): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (!isErrno(error)) return error;
  const { code, why } = faultOf(error, context);
  return new TransferError(code, `cannot ${context.verb} ${context.path}: ${why}`, {
    cause: error,
  });
}

/** Runs `work` and translates what it throws with {@link diskError}. */
export async function onDisk<T>(context: DiskContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(error, context);
  }
}

/** As {@link onDisk}, for synchronous calls. */
export function onDiskSync<T>(context: DiskContext, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw diskError(error, context);
  }
}

/** Whether `error` comes from the operating system with one of `codes`. */
export function hasErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && isErrno(error) && codes.includes(error.code);
}

function isErrno(error: Error): error is Error & { code: string; syscall: string } {
  return (
    'code' in error &&
    typeof error.code === 'string' &&
    'syscall' in error &&
    typeof error.syscall === 'string'
  );
}

function faultOf(
  error: Error & { code: string },
  context: DiskContext,
): { code: TransferCode; why: string } {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
    return { code: context.missing ?? 'DISK_FAILED', why: 'no such file or folder' };
  }
  return FAULTS[error.code] ?? { code: 'DISK_FAILED', why: error.message };
}
