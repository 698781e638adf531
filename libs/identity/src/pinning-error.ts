/** Why a connection was not secured. Public: never renamed. */
export type PinningCode =
  | 'NO_CERTIFICATE'
  | 'WRONG_KEY_KIND'
  | 'WRONG_IDENTITY'
  | 'WRONG_PROTOCOL'
  | 'SESSION_RESUMED'
  | 'HANDSHAKE_FAILED'
  | 'HANDSHAKE_TIMEOUT';

/** The other end did not prove to be whom it has to be, or does not speak what it has to speak. */
export class PinningError extends Error {
  override readonly name = 'PinningError';

  constructor(
    readonly code: PinningCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
