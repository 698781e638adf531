/** Failures on our own side, and refusals a command ends with. Public: never renamed. */
export type TransferCode =
  | 'INTERNAL'
  | 'USAGE'
  | 'PATH_NOT_FOUND'
  | 'ADDRESS_UNAVAILABLE'
  | 'FILE_NOT_FOUND'
  | 'CONTENT_MISMATCH'
  | 'SOURCE_CHANGED'
  | 'TRACKER_UNREACHABLE'
  | 'TRACKER_REFUSED'
  | 'NOT_A_MEMBER'
  | 'MEMBER_REVOKED'
  | 'MEMBER_EXPIRED'
  | 'INVALID_INVITE'
  | 'INVITE_UNKNOWN'
  | 'INVITE_EXPIRED'
  | 'INVITE_USED_UP'
  | 'WRONG_IDENTITY'
  | 'NOT_ALLOWED'
  | 'NO_SOURCE'
  | 'DISK_FULL'
  | 'DISK_PERMISSION'
  | 'DISK_FAILED'
  | 'TARGET_EXISTS'
  | 'TARGET_BUSY'
  | 'TARGET_FOLDER_MISSING'
  | 'INVALID_NAME'
  | 'NAME_TAKEN'
  | 'NAME_NOT_YOURS'
  | 'OUTSIDE_FOLDER'
  | 'FILE_TOO_LARGE'
  | 'TIMED_OUT'
  | 'DONE_IN_PART'
  | 'EXEC_FAILED';

/** Our disk, network or tracker failed, or a request was refused: report or retry. The message is
 *  a sentence for people; programs look at `code`. */
export class TransferError extends Error {
  override readonly name = 'TransferError';

  constructor(
    readonly code: TransferCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
