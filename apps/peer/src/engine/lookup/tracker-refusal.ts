import { TrackerError, type FileRefusal, type TrackerCode } from '#protocol';
import { TransferError, type TransferCode } from '../../core/transfer-error.js';

const CODES: Partial<Record<TrackerCode, TransferCode>> = {
  FILE_NOT_FOUND: 'FILE_NOT_FOUND',
  NAME_TAKEN: 'NAME_TAKEN',
  NAME_NOT_YOURS: 'NAME_NOT_YOURS',
  INVALID_NAME: 'INVALID_NAME',
  NOT_ALLOWED: 'NOT_ALLOWED',
  BUSY: 'TRACKER_UNREACHABLE',
  SHUTTING_DOWN: 'TRACKER_UNREACHABLE',
};

/** A tracker's refusal as our own failure. */
export function refusalError(refusal: FileRefusal, subject: string): TransferError {
  return new TransferError(
    CODES[refusal.code] ?? 'TRACKER_REFUSED',
    `${subject}: ${refusal.message}`,
  );
}

/** Any error of a tracker call; others are passed through. */
export function callError(error: unknown, subject: string): unknown {
  if (!(error instanceof TrackerError)) return error;
  const { code, message } = error;
  return refusalError({ ok: false, code, message }, subject);
}
