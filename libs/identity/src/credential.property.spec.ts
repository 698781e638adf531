import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MAX_CREDENTIAL_CHARS, MAX_GROUP_COUNT, parseGroup, parseIdentity, ROLES } from '#protocol';
import { networkKeyOfPem } from '../../../test/support/tls-identity.js';
import { CredentialError } from './credential-error.js';
import { issueCredential, verifyCredential, type VerifiedCredential } from './credential.js';
import { createIdentityKey } from './identity-key.js';
import { issuerKeyOf } from './network-key.js';
import { CLOCK_SKEW_MS } from './signed-token.js';

const trackerPem = createIdentityKey();
const issuer = issuerKeyOf(trackerPem);
const network = networkKeyOfPem(trackerPem);

const seconds = (range: { min: number; max: number }) =>
  fc.integer(range).map((value) => value * 1_000);
const members = fc.record({
  identity: fc.stringMatching(/^[a-z2-7]{32}$/).map(parseIdentity),
  role: fc.constantFrom(...ROLES),
  groups: fc.array(fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,62}[a-z0-9]$/).map(parseGroup), {
    maxLength: MAX_GROUP_COUNT,
  }),
});
const times = fc.record({
  issuedAtMs: seconds({ min: 0, max: 4_000_000_000 }),
  lifetimeMs: seconds({ min: 0, max: 100_000 }),
  offlineGraceMs: seconds({ min: 0, max: 10_000 }),
  aheadMs: seconds({ min: -1_000, max: 120_000 }),
});

/** A credential, or the code with which it is refused; nothing else may be thrown. */
async function codeOr(verifying: Promise<VerifiedCredential>) {
  try {
    return await verifying;
  } catch (error) {
    if (error instanceof CredentialError) return error.code;
    throw error;
  }
}

it('is taken from its beginning to its end, and during the grace', async () => {
  await fc.assert(
    fc.asyncProperty(members, times, async (member, time) => {
      const { issuedAtMs, lifetimeMs, offlineGraceMs } = time;
      const token = await issueCredential(issuer, member, { nowMs: issuedAtMs, lifetimeMs });
      const nowMs = issuedAtMs + time.aheadMs;
      const check = { network, holder: member.identity, nowMs, offlineGraceMs };
      const endMs = issuedAtMs + lifetimeMs + CLOCK_SKEW_MS;
      const result = await codeOr(verifyCredential(token, check));
      if (nowMs < issuedAtMs - CLOCK_SKEW_MS) expect(result).toBe('NOT_YET_VALID');
      else if (nowMs >= endMs + offlineGraceMs) expect(result).toBe('EXPIRED');
      else {
        const freshness = nowMs >= endMs ? 'late' : 'current';
        expect(result).toMatchObject({ ...member, issuedAtMs, freshness });
      }
      expect(token.length).toBeLessThanOrEqual(MAX_CREDENTIAL_CHARS);
    }),
  );
});

it('is refused with a code, whatever it is made of', async () => {
  const check = { network, holder: parseIdentity('a'.repeat(32)), nowMs: 0 };
  const part = fc.oneof(
    fc.json().map((text) => Buffer.from(text).toString('base64url')),
    fc.base64String(),
    fc.constant(Buffer.from('{"alg":"EdDSA","typ":"shoal-member+jwt"}').toString('base64url')),
  );
  const texts = fc.oneof(
    fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.')),
    fc.string({ unit: 'binary' }),
  );
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      expect(await codeOr(verifyCredential(text, check))).toMatch(/^(MALFORMED|BAD_SIGNATURE)$/);
    }),
    { numRuns: 500 },
  );
});

it.each([{ nowMs: NaN }, { offlineGraceMs: NaN }])(
  'is refused at a time that is none',
  async (time) => {
    const identity = parseIdentity('b'.repeat(32));
    const member = { identity, role: 'reader', groups: [] } as const;
    const token = await issueCredential(issuer, member, { nowMs: 0 });
    const check = { network, holder: identity, nowMs: 1e12, ...time };
    expect(await codeOr(verifyCredential(token, check))).toBe('EXPIRED');
  },
);
