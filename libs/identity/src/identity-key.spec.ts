import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { identityOf, parseIdentity, parsePeerId } from '#protocol';
import { createIdentityKey, identityOfKey, newPeerId, newSession } from './identity-key.js';

/** The key of RFC 8032, section 7.1, test 1. */
const KNOWN_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
`;
const KNOWN_IDENTITY = 'nqyqieti6rywbhdz6xznxtby4sskwl2n';

describe('createIdentityKey', () => {
  it('makes an Ed25519 key that signs, another one each time', () => {
    const pem = createIdentityKey();
    const message = Buffer.from('shoal');
    expect(verify(null, message, createPublicKey(pem), sign(null, message, pem))).toBe(true);
    expect(createIdentityKey()).not.toBe(pem);
  });
});

describe('identityOfKey', () => {
  it('never changes for a key', () => {
    expect(identityOfKey(KNOWN_KEY)).toBe(KNOWN_IDENTITY);
  });

  it('is an identity, and one for each key', () => {
    const identities = [createIdentityKey(), createIdentityKey()].map(identityOfKey);
    for (const identity of identities) expect(parseIdentity(identity)).toBe(identity);
    expect(identities[0]).not.toBe(identities[1]);
  });

  it('refuses another kind of key, a public key and what is no key', () => {
    const { privateKey, publicKey } = generateKeyPairSync('x25519');
    const wrongKind = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const noPrivateKey = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(() => identityOfKey(wrongKind)).toThrow(TypeError);
    expect(() => identityOfKey(noPrivateKey)).toThrow();
    expect(() => identityOfKey('')).toThrow();
  });
});

describe('newPeerId', () => {
  it('belongs to its identity and differs from one process to the next', () => {
    const identity = identityOfKey(KNOWN_KEY);
    const peerIds = Array.from({ length: 20 }, () => newPeerId(identity));
    for (const peerId of peerIds) {
      expect(parsePeerId(peerId)).toBe(peerId);
      expect(identityOf(peerId)).toBe(identity);
    }
    expect(new Set(peerIds).size).toBeGreaterThan(15);
  });
});

describe('newSession', () => {
  it('is 32 hex digits that do not come twice', () => {
    const sessions = Array.from({ length: 20 }, () => newSession());
    for (const session of sessions) expect(session).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(sessions).size).toBe(20);
  });
});
