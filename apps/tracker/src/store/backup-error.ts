import { CommandError, type CommandCode } from '../cli/command-error.js';
import { damaged, DatabaseUnusableError, isDamage, sqliteCode } from './database-fault.js';

interface Fault {
  readonly code: CommandCode;
  readonly why: string;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  ENOENT: { code: 'TARGET_FOLDER_MISSING', why: 'there is no such folder' },
  ENOTDIR: { code: 'TARGET_FOLDER_MISSING', why: 'its folder is not a folder' },
  ENOSPC: { code: 'DISK_FULL', why: 'no space is left on the disk' },
  EDQUOT: { code: 'DISK_FULL', why: 'the disk quota is used up' },
  EFBIG: { code: 'DISK_FULL', why: 'the file system does not take files this large' },
  SQLITE_FULL: { code: 'DISK_FULL', why: 'no space is left on the disk' },
  EACCES: { code: 'DISK_PERMISSION', why: 'permission denied' },
  EPERM: { code: 'DISK_PERMISSION', why: 'the operation is not permitted' },
  EROFS: { code: 'DISK_PERMISSION', why: 'the file system is read-only' },
  EEXIST: { code: 'TARGET_EXISTS', why: 'it exists already' },
};

/** What kept a backup from being made. Anything untyped is returned as it is: a bug. */
export function toBackupError(error: unknown, at: { source: string; path: string }): unknown {
  if (error instanceof CommandError) return error;
  if (error instanceof DatabaseUnusableError) return unusable(error);
  if (isDamage(error)) return unusable(damaged(at.source, error.message, error));
  const { code, message } = error as NodeJS.ErrnoException;
  const sqlite = sqliteCode(error);
  if (sqlite?.startsWith('SQLITE_CANTOPEN') === true) {
    const text = `--data (SHOAL_DATA): ${at.source} cannot be opened: ${message}`;
    return new CommandError('DATA_FOLDER_UNUSABLE', text, { cause: error });
  }
  const fault = FAULTS[code ?? ''] ?? otherFault(error);
  if (fault === undefined) return error;
  const text = `cannot back up to ${at.path}: ${fault.why}`;
  return new CommandError(fault.code, text, { cause: error });
}

function otherFault(error: unknown): Fault | undefined {
  const { syscall, message } = error as NodeJS.ErrnoException;
  const isDisk = syscall !== undefined || sqliteCode(error)?.startsWith('SQLITE_IOERR') === true;
  return isDisk ? { code: 'DISK_FAILED', why: message } : undefined;
}

function unusable(cause: DatabaseUnusableError): CommandError {
  return new CommandError('DATABASE_UNUSABLE', cause.message, { cause });
}
