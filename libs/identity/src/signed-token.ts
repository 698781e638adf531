import { MAX_CREDENTIAL_CHARS, type Fingerprint, type Identity } from '#protocol';
import { CredentialError } from './credential-error.js';
import type { IssuerKey, NetworkKey } from './network-key.js';

/** How far two clocks may be apart. */
export const CLOCK_SKEW_MS = 60_000;

/** Each kind of token says which it is, so that one cannot be taken for another. */
export type TokenType = 'shoal-member+jwt' | 'shoal-grant+jwt';

/** What every token says besides its own claims. */
export interface TokenFrame {
  readonly network: Fingerprint;
  readonly identity: Identity;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** How a token is looked at. */
export interface TokenCheck {
  readonly network: NetworkKey;
  /** Who shows it, as proven by the connection's handshake. */
  readonly holder: Identity;
  readonly nowMs: number;
  /** How long after its end a token is still taken, because nobody can renew it. None by default. */
  readonly offlineGraceMs?: number;
}

/** `late`: its time is over, and it is taken by grace. */
export type Freshness = 'current' | 'late';

export interface ReadToken extends TokenFrame {
  readonly freshness: Freshness;
  /** Signed, but not checked for their form. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A JSON Web Token (RFC 7519), signed with EdDSA. Times are kept in whole seconds. */
export async function signToken(
  issuer: IssuerKey,
  type: TokenType,
  token: Omit<TokenFrame, 'network'> & { readonly claims: Readonly<Record<string, unknown>> },
): Promise<string> {
  const { SignJWT } = await import('jose/jwt/sign');
  return await new SignJWT({ ...token.claims })
    .setProtectedHeader({ alg: 'EdDSA', typ: type })
    .setIssuer(issuer.fingerprint)
    .setSubject(token.identity)
    .setIssuedAt(Math.floor(token.issuedAtMs / 1_000))
    .setExpirationTime(Math.floor(token.expiresAtMs / 1_000))
    .sign(issuer.privateKey);
}

/** Checks the signature, then who, where and when. Throws CredentialError. */
export async function readToken(
  text: string,
  type: TokenType,
  check: TokenCheck,
): Promise<ReadToken> {
  if (text.length > MAX_CREDENTIAL_CHARS) throw new CredentialError('MALFORMED');
  const claims = await verifiedClaims(text, type, check);
  const { iss, sub, iat, exp, ...rest } = claims;
  if (iss !== check.network.fingerprint) throw new CredentialError('OTHER_NETWORK');
  if (sub !== check.holder) throw new CredentialError('OTHER_HOLDER');
  if (!Number.isSafeInteger(iat) || !Number.isSafeInteger(exp)) {
    throw new CredentialError('MALFORMED');
  }
  const issuedAtMs = Number(iat) * 1_000;
  const expiresAtMs = Number(exp) * 1_000;
  // Written so that a time that is no number refuses.
  const lateMs = check.nowMs - expiresAtMs - CLOCK_SKEW_MS;
  if (!(lateMs < Math.max(0, check.offlineGraceMs ?? 0))) throw new CredentialError('EXPIRED');
  if (issuedAtMs > check.nowMs + CLOCK_SKEW_MS) throw new CredentialError('NOT_YET_VALID');
  return {
    network: check.network.fingerprint,
    identity: check.holder,
    issuedAtMs,
    expiresAtMs,
    freshness: lateMs >= 0 ? 'late' : 'current',
    claims: rest,
  };
}

async function verifiedClaims(
  text: string,
  type: TokenType,
  check: TokenCheck,
): Promise<Record<string, unknown>> {
  const [{ jwtVerify }, { JWSSignatureVerificationFailed }] = await Promise.all([
    import('jose/jwt/verify'),
    import('jose/errors'),
  ]);
  try {
    const { payload } = await jwtVerify(text, check.network.publicKey, {
      algorithms: ['EdDSA'],
      typ: type,
      // The times are judged by readToken: they have a grace that the library does not know.
      currentDate: new Date(0),
    });
    return payload;
  } catch (cause) {
    const isForged = cause instanceof JWSSignatureVerificationFailed;
    throw new CredentialError(isForged ? 'BAD_SIGNATURE' : 'MALFORMED', { cause });
  }
}
