import type { Digest, Identity } from '#protocol';
import { CredentialError } from './credential-error.js';
import type { IssuerKey } from './network-key.js';
import {
  readToken,
  signToken,
  type Freshness,
  type TokenCheck,
  type TokenFrame,
} from './signed-token.js';

const TYPE = 'shoal-grant+jwt';

declare const verified: unique symbol;

/** The right of one identity to the content of one digest, signed by the network's tracker. Only
 *  {@link verifyGrant} makes one. */
export interface VerifiedGrant extends TokenFrame {
  readonly digest: Digest;
  readonly freshness: Freshness;
  readonly [verified]: true;
}

export async function issueGrant(
  issuer: IssuerKey,
  grant: { readonly identity: Identity; readonly digest: Digest },
  { nowMs, lifetimeMs }: { nowMs: number; lifetimeMs: number },
): Promise<string> {
  return await signToken(issuer, TYPE, {
    identity: grant.identity,
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + lifetimeMs,
    claims: { digest: grant.digest },
  });
}

/** Needs no tracker. Throws CredentialError. */
export async function verifyGrant(
  text: string,
  check: TokenCheck & { readonly digest: Digest },
): Promise<VerifiedGrant> {
  const { claims, ...frame } = await readToken(text, TYPE, check);
  if (claims['digest'] !== check.digest) throw new CredentialError('OTHER_DIGEST');
  return { ...frame, digest: check.digest } as unknown as VerifiedGrant;
}
