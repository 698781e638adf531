import { randomBytes, timingSafeEqual } from 'node:crypto';
import { encodeBase32, hashBytes, type InviteToken } from '#protocol';

declare const brand: unique symbol;

/** 64 hex digits: what is kept of a token. */
export type TokenHash = string & { readonly [brand]: 'TokenHash' };

const TOKEN_BYTES = 16;
/** So that the hash of a token is the hash of nothing else. */
const CONTEXT = 'shoal token 1\n';

/** 26 base32 characters, 128 bits of chance. */
export function newInviteToken(): InviteToken {
  return encodeBase32(randomBytes(TOKEN_BYTES)) as InviteToken;
}

/** Tokens are made by chance, not by people: a fast hash without salt cannot be searched. */
export function hashToken(token: InviteToken): TokenHash {
  return Buffer.from(hashBytes(Buffer.from(CONTEXT + token))).toString('hex') as TokenHash;
}

/** Takes as long for a token that is nearly right as for one that is all wrong. */
export function isTokenOf(token: InviteToken, stored: TokenHash): boolean {
  const expected = Buffer.from(stored, 'hex');
  const found = Buffer.from(hashToken(token), 'hex');
  return expected.length === found.length && timingSafeEqual(expected, found);
}
