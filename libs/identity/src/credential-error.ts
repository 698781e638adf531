/** Why a signed token is not accepted. Public: never renamed. */
export type CredentialCode =
  | 'MALFORMED'
  | 'BAD_SIGNATURE'
  | 'OTHER_NETWORK'
  | 'OTHER_HOLDER'
  | 'OTHER_DIGEST'
  | 'NOT_YET_VALID'
  | 'EXPIRED';

/** A credential or a grant was refused. Never quotes the token. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';

  constructor(
    readonly code: CredentialCode,
    options?: ErrorOptions,
  ) {
    super(`the credential is refused: ${code}`, options);
  }
}
