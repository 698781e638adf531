import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { encodeBase32, type Identity, type PeerId } from '#protocol';
import { identityOfPublicKey } from './public-key.js';

/** A new Ed25519 private key as PKCS#8 PEM: what a home folder keeps. */
export function createIdentityKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** 32 base32 characters of the BLAKE3 hash of the raw public key. Throws on anything else than an
 *  Ed25519 key in PEM. */
export function identityOfKey(pem: string): Identity {
  return identityOfPublicKey(createPublicKey(createPrivateKey(pem)));
}

/** One running process of an identity. */
export function newPeerId(identity: Identity): PeerId {
  return `${identity}-${encodeBase32(randomBytes(3)).slice(0, 4)}` as PeerId;
}

/** Names one join of one process; 32 hex digits. */
export function newSession(): string {
  return randomBytes(16).toString('hex');
}
