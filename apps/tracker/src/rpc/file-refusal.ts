import { ProtocolError, TrackerError, type FileRefusal, type TrackerCode } from '#protocol';

/** Codes of broken values, as a peer is told about them. */
const CODE_OF_VALUE_ERROR: Partial<Record<ProtocolError['code'], TrackerCode>> = {
  INVALID_NAME: 'INVALID_NAME',
  INVALID_MANIFEST: 'INVALID_MANIFEST',
  FILE_TOO_LARGE: 'INVALID_MANIFEST',
  OUT_OF_RANGE: 'OUT_OF_RANGE',
};

/** What a typed error says about one file of a message. Anything else is thrown on: it is a fault of
 *  ours and fails the message. */
export function toFileRefusal(error: unknown): FileRefusal {
  const refusal = toTrackerError(error);
  return { ok: false, code: refusal.code, message: refusal.message };
}

/** A broken value as a refusal. Throws anything that is neither. */
export function toTrackerError(error: unknown): TrackerError {
  if (error instanceof TrackerError) return error;
  if (error instanceof ProtocolError) {
    const code = CODE_OF_VALUE_ERROR[error.code] ?? 'INVALID_REQUEST';
    return new TrackerError(code, error.message, { cause: error });
  }
  throw error;
}
