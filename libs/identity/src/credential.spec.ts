import { createPrivateKey, sign } from 'node:crypto';
import { SignJWT } from 'jose/jwt/sign';
import { describe, expect, it } from 'vitest';
import { MAX_CREDENTIAL_CHARS, MAX_GROUP_COUNT, parseDigest, parseGroup } from '#protocol';
import { networkKeyOfPem } from '../../../test/support/tls-identity.js';
import { CREDENTIAL_LIFETIME_MS, issueCredential, verifyCredential } from './credential.js';
import { issueGrant, verifyGrant } from './grant.js';
import { createIdentityKey, identityOfKey } from './identity-key.js';
import { issuerKeyOf } from './network-key.js';
import { CLOCK_SKEW_MS } from './signed-token.js';

const trackerPem = createIdentityKey();
const issuer = issuerKeyOf(trackerPem);
const network = networkKeyOfPem(trackerPem);
const identity = identityOfKey(createIdentityKey());
const otherIdentity = identityOfKey(createIdentityKey());
const digest = parseDigest(`b3:${'0a'.repeat(32)}`);

const issuedAtMs = Date.UTC(2030, 0, 1);
const check = { network, holder: identity, nowMs: issuedAtMs };
const member = {
  identity,
  role: 'publisher',
  groups: [parseGroup('ml'), parseGroup('qa')],
} as const;
const issue = () => issueCredential(issuer, member, { nowMs: issuedAtMs });
const refused = (code: string) =>
  expect.objectContaining({ name: 'CredentialError', code }) as Error;

/** A token with a header and claims of the test's choice, signed with the tracker's key. */
function forge(header: object, claims: object, keyPem = trackerPem): string {
  const text = [header, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const signature = sign(null, Buffer.from(text.join('.')), createPrivateKey(keyPem));
  return [...text, signature.toString('base64url')].join('.');
}

const HEADER = { alg: 'EdDSA', typ: 'shoal-member+jwt' };
const CLAIMS = {
  iss: network.fingerprint,
  sub: identity,
  role: 'reader',
  groups: [],
  iat: issuedAtMs / 1_000,
  exp: issuedAtMs / 1_000 + 600,
};

describe('a credential', () => {
  it('says what the tracker said', async () => {
    expect(await verifyCredential(await issue(), check)).toEqual({
      ...member,
      network: network.fingerprint,
      issuedAtMs,
      expiresAtMs: issuedAtMs + CREDENTIAL_LIFETIME_MS,
      freshness: 'current',
    });
  });

  it('is a JSON Web Token that others’ libraries could have made', async () => {
    const { iss, sub, iat, exp, ...rest } = CLAIMS;
    const token = await new SignJWT(rest)
      .setProtectedHeader(HEADER)
      .setIssuer(iss)
      .setSubject(sub)
      .setIssuedAt(iat)
      .setExpirationTime(exp)
      .sign(createPrivateKey(trackerPem));
    expect(await verifyCredential(token, check)).toMatchObject({ identity, role: 'reader' });
    expect(await verifyCredential(forge(HEADER, CLAIMS), check)).toMatchObject({ identity });
  });

  it('fits into its limit with as many groups as one may have', async () => {
    const groups = Array.from({ length: MAX_GROUP_COUNT }, (_, index) =>
      parseGroup(String(index).padStart(64, 'g')),
    );
    const token = await issueCredential(issuer, { ...member, groups }, { nowMs: issuedAtMs });
    expect(token.length).toBeLessThanOrEqual(MAX_CREDENTIAL_CHARS);
    expect((await verifyCredential(token, check)).groups).toEqual(groups);
  });

  it('is of no use to another identity', async () => {
    const shown = verifyCredential(await issue(), { ...check, holder: otherIdentity });
    await expect(shown).rejects.toThrow(refused('OTHER_HOLDER'));
  });

  it('is of no use in another network', async () => {
    const other = networkKeyOfPem(createIdentityKey());
    const shown = verifyCredential(await issue(), { ...check, network: other });
    await expect(shown).rejects.toThrow(refused('BAD_SIGNATURE'));
    const renamed = forge(HEADER, { ...CLAIMS, iss: other.fingerprint });
    await expect(verifyCredential(renamed, check)).rejects.toThrow(refused('OTHER_NETWORK'));
  });

  it('is refused when anybody else has signed it', async () => {
    const token = forge(HEADER, CLAIMS, createIdentityKey());
    await expect(verifyCredential(token, check)).rejects.toThrow(refused('BAD_SIGNATURE'));
  });

  it('is refused when a character of it is changed', async () => {
    const token = await issue();
    for (let index = 0; index < token.length; index += 7) {
      const changed = token.charAt(index) === 'A' ? 'Q' : 'A';
      const spoiled = token.slice(0, index) + changed + token.slice(index + 1);
      await expect(verifyCredential(spoiled, check)).rejects.toMatchObject({
        code: expect.stringMatching(/^(BAD_SIGNATURE|MALFORMED)$/) as string,
      });
    }
  });

  it.each([
    ['no algorithm', { ...HEADER, alg: 'none' }, CLAIMS],
    ['another algorithm', { ...HEADER, alg: 'HS256' }, CLAIMS],
    ['a key instead of an algorithm', { typ: HEADER.typ, jwk: {} }, CLAIMS],
    ['another type', { ...HEADER, typ: 'JWT' }, CLAIMS],
    ['a grant’s type', { ...HEADER, typ: 'shoal-grant+jwt' }, CLAIMS],
    ['no end', HEADER, { ...CLAIMS, exp: undefined }],
    ['an end that is no number', HEADER, { ...CLAIMS, exp: '2030' }],
    ['no beginning', HEADER, { ...CLAIMS, iat: undefined }],
    ['an unknown role', HEADER, { ...CLAIMS, role: 'root' }],
    ['no groups', HEADER, { ...CLAIMS, groups: undefined }],
    ['a group that is none', HEADER, { ...CLAIMS, groups: ['ml', '../x'] }],
    ['a group that is no text', HEADER, { ...CLAIMS, groups: [['ml']] }],
    ['too many groups', HEADER, { ...CLAIMS, groups: Array(MAX_GROUP_COUNT + 1).fill('ml') }],
    ['claims that are a list', HEADER, []],
  ])('is refused with %s', async (_, header, claims) => {
    const shown = verifyCredential(forge(header, claims), check);
    await expect(shown).rejects.toThrow(refused('MALFORMED'));
  });

  it.each(['', '.', '..', 'a.b.c', 'x'.repeat(100_000)])('is not any text', async (text) => {
    await expect(verifyCredential(text, check)).rejects.toThrow(refused('MALFORMED'));
  });
});

describe('the times of a credential', () => {
  const endMs = issuedAtMs + CREDENTIAL_LIFETIME_MS;
  const verifyAt = async (nowMs: number, offlineGraceMs?: number) =>
    verifyCredential(await issue(), {
      ...check,
      nowMs,
      ...(offlineGraceMs === undefined ? {} : { offlineGraceMs }),
    });

  it('allow for clocks that differ a little', async () => {
    expect(await verifyAt(issuedAtMs - CLOCK_SKEW_MS)).toMatchObject({ freshness: 'current' });
    expect(await verifyAt(endMs + CLOCK_SKEW_MS - 1)).toMatchObject({ freshness: 'current' });
    await expect(verifyAt(issuedAtMs - CLOCK_SKEW_MS - 1)).rejects.toThrow(
      refused('NOT_YET_VALID'),
    );
    await expect(verifyAt(endMs + CLOCK_SKEW_MS)).rejects.toThrow(refused('EXPIRED'));
  });

  it('are stretched at their end, and only there, by a grace', async () => {
    const lastMs = endMs + CLOCK_SKEW_MS + 3_600_000 - 1;
    expect(await verifyAt(endMs, 3_600_000)).toMatchObject({ freshness: 'current' });
    expect(await verifyAt(endMs + CLOCK_SKEW_MS, 3_600_000)).toMatchObject({ freshness: 'late' });
    expect(await verifyAt(lastMs, 3_600_000)).toMatchObject({ freshness: 'late' });
    await expect(verifyAt(lastMs + 1, 3_600_000)).rejects.toThrow(refused('EXPIRED'));
    await expect(verifyAt(issuedAtMs - CLOCK_SKEW_MS - 1, 3_600_000)).rejects.toThrow(
      refused('NOT_YET_VALID'),
    );
    await expect(verifyAt(endMs + CLOCK_SKEW_MS, -1)).rejects.toThrow(refused('EXPIRED'));
  });

  it('do not make a forged one good', async () => {
    const token = forge(HEADER, CLAIMS, createIdentityKey());
    const shown = verifyCredential(token, { ...check, nowMs: endMs, offlineGraceMs: Infinity });
    await expect(shown).rejects.toThrow(refused('BAD_SIGNATURE'));
  });
});

describe('a grant', () => {
  const times = { nowMs: issuedAtMs, lifetimeMs: 600_000 };
  const grant = () => issueGrant(issuer, { identity, digest }, times);

  it('is for one digest and one identity', async () => {
    const other = parseDigest(`b3:${'0b'.repeat(32)}`);
    expect(await verifyGrant(await grant(), { ...check, digest })).toMatchObject({
      identity,
      digest,
      expiresAtMs: issuedAtMs + 600_000,
    });
    await expect(verifyGrant(await grant(), { ...check, digest: other })).rejects.toThrow(
      refused('OTHER_DIGEST'),
    );
    await expect(
      verifyGrant(await grant(), { ...check, digest, holder: otherIdentity }),
    ).rejects.toThrow(refused('OTHER_HOLDER'));
  });

  it('is no credential, and a credential is no grant', async () => {
    await expect(verifyCredential(await grant(), check)).rejects.toThrow(refused('MALFORMED'));
    await expect(verifyGrant(await issue(), { ...check, digest })).rejects.toThrow(
      refused('MALFORMED'),
    );
  });

  it('ends', async () => {
    const nowMs = issuedAtMs + 600_000 + CLOCK_SKEW_MS;
    const shown = verifyGrant(await grant(), { ...check, digest, nowMs });
    await expect(shown).rejects.toThrow(refused('EXPIRED'));
  });
});
