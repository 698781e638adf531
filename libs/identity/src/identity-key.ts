import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { encodeBase32, hashBytes, type Identity, type PeerId } from '#protocol';

/** A new Ed25519 private key as PKCS#8 PEM: what a home folder keeps. */
export function createIdentityKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** 32 base32 characters of the BLAKE3 hash of the raw public key. Throws on anything else than an
 *  Ed25519 key in PEM. */
export function identityOfKey(pem: string): Identity {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key');
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  const publicKey = Buffer.from(x ?? '', 'base64url');
  return encodeBase32(hashBytes(publicKey).subarray(0, 20)) as Identity;
}

/** One running process of an identity. */
export function newPeerId(identity: Identity): PeerId {
  return `${identity}-${encodeBase32(randomBytes(3)).slice(0, 4)}` as PeerId;
}

/** Names one join of one process; 32 hex digits. */
export function newSession(): string {
  return randomBytes(16).toString('hex');
}
