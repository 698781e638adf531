import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createIdentityKey, identityOfKey } from './identity-key.js';
import { formatNetworkKey, issuerKeyOf, networkKeyOf, parseNetworkKey } from './network-key.js';

const pem = createIdentityKey();
const key = networkKeyOf(createPublicKey(pem));

describe('network keys', () => {
  it('have the fingerprint of the tracker that has the other half', () => {
    expect(key.fingerprint).toBe(identityOfKey(pem));
    expect(issuerKeyOf(pem).fingerprint).toBe(key.fingerprint);
  });

  it('are read as they were written', () => {
    const text = formatNetworkKey(key);
    const read = parseNetworkKey(text, key.fingerprint);
    expect(read.fingerprint).toBe(key.fingerprint);
    expect(read.publicKey.equals(key.publicKey)).toBe(true);
  });

  it('are refused when they are not the one of the fingerprint', () => {
    const other = networkKeyOf(createPublicKey(createIdentityKey()));
    for (const text of [formatNetworkKey(other), '', 'x', `${formatNetworkKey(key)}A`]) {
      expect(() => parseNetworkKey(text, key.fingerprint)).toThrow(
        expect.objectContaining({ code: 'WRONG_IDENTITY' }),
      );
    }
  });

  it('are Ed25519 keys', () => {
    expect(() => networkKeyOf(generateKeyPairSync('x25519').publicKey)).toThrow(TypeError);
  });
});
