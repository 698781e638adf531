import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newOtherIdentity } from '../../../test/support/tls-identity.js';
import { createCertificate, identityOfCertificate } from './certificate.js';
import { createIdentityKey, identityOfKey } from './identity-key.js';

/** The key of RFC 8032, section 7.1, test 1. */
const KNOWN_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
`;

describe('createCertificate', () => {
  it('is of the key, signed by it, and valid for all of time', async () => {
    const certificate = new X509Certificate(await createCertificate(KNOWN_KEY));
    expect(certificate.checkPrivateKey(createPrivateKey(KNOWN_KEY))).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(new Date(certificate.validFrom)).toEqual(new Date('1970-01-01T00:00:00Z'));
    expect(new Date(certificate.validTo)).toEqual(new Date('9999-12-31T23:59:59Z'));
  });

  it('names no host', async () => {
    const certificate = new X509Certificate(await createCertificate(KNOWN_KEY));
    expect(certificate.subject).toBe('CN=shoal');
    expect(certificate.subjectAltName).toBeUndefined();
    expect(certificate.ca).toBe(false);
  });

  it('gives the same bytes for the same key', async () => {
    const certificate = await createCertificate(KNOWN_KEY);
    expect(await createCertificate(KNOWN_KEY)).toBe(certificate);
    expect(await createCertificate(createIdentityKey())).not.toBe(certificate);
    expect(certificate).toMatch(/^-----BEGIN CERTIFICATE-----\n[^]*\n-----END CERTIFICATE-----\n$/);
  });

  it('refuses another kind of key and what is no key', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await expect(createCertificate(pem)).rejects.toThrow(TypeError);
    await expect(createCertificate('')).rejects.toThrow();
  });
});

describe('identityOfCertificate', () => {
  it('is the identity of its key', async () => {
    const keyPem = createIdentityKey();
    const certificate = new X509Certificate(await createCertificate(keyPem));
    expect(identityOfCertificate(certificate)).toBe(identityOfKey(keyPem));
  });

  it.each(['RSA', 'ECDSA'] as const)('refuses one of an %s key', async (kind) => {
    const { certificatePem } = await newOtherIdentity(kind);
    expect(() => identityOfCertificate(new X509Certificate(certificatePem))).toThrow(
      expect.objectContaining({ name: 'PinningError', code: 'WRONG_KEY_KIND' }),
    );
  });
});
