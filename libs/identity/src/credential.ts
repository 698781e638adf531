import {
  isRole,
  MAX_GROUP_COUNT,
  parseGroup,
  type GroupName,
  type Identity,
  type Role,
} from '#protocol';
import { CredentialError } from './credential-error.js';
import type { IssuerKey } from './network-key.js';
import {
  readToken,
  signToken,
  type Freshness,
  type TokenCheck,
  type TokenFrame,
} from './signed-token.js';

/** How long a tracker vouches for a member at a time. */
export const CREDENTIAL_LIFETIME_MS = 600_000;

const TYPE = 'shoal-member+jwt';

declare const verified: unique symbol;

/** What a tracker says of a member. */
export interface Membership {
  readonly identity: Identity;
  readonly role: Role;
  readonly groups: readonly GroupName[];
}

/** A membership that the network's tracker has signed, shown by the one it is of. Only
 *  {@link verifyCredential} makes one. */
export interface VerifiedCredential extends Membership, TokenFrame {
  readonly freshness: Freshness;
  readonly [verified]: true;
}

export async function issueCredential(
  issuer: IssuerKey,
  membership: Membership,
  { nowMs, lifetimeMs = CREDENTIAL_LIFETIME_MS }: { nowMs: number; lifetimeMs?: number },
): Promise<string> {
  const { identity, role, groups } = membership;
  return await signToken(issuer, TYPE, {
    identity,
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + lifetimeMs,
    claims: { role, groups },
  });
}

/** Needs no tracker. Throws CredentialError. */
export async function verifyCredential(
  text: string,
  check: TokenCheck,
): Promise<VerifiedCredential> {
  const { claims, ...frame } = await readToken(text, TYPE, check);
  const { role } = claims;
  if (!isRole(role)) throw new CredentialError('MALFORMED');
  return { ...frame, role, groups: parseGroups(claims['groups']) } as unknown as VerifiedCredential;
}

function parseGroups(value: unknown): readonly GroupName[] {
  if (!Array.isArray(value) || value.length > MAX_GROUP_COUNT) {
    throw new CredentialError('MALFORMED');
  }
  try {
    return value.map((group: unknown) => parseGroup(typeof group === 'string' ? group : ''));
  } catch (cause) {
    throw new CredentialError('MALFORMED', { cause });
  }
}
