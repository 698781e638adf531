import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { Fingerprint } from '#protocol';
import { PinningError } from './pinning-error.js';
import { identityOfPublicKey, publicKeyFromRaw, rawPublicKey } from './public-key.js';

/** The public half of a tracker's key, which its network's credentials are checked with. */
export interface NetworkKey {
  readonly fingerprint: Fingerprint;
  readonly publicKey: KeyObject;
}

/** The private half, which they are signed with. */
export interface IssuerKey {
  readonly fingerprint: Fingerprint;
  readonly privateKey: KeyObject;
}

/** Throws TypeError on anything else than an Ed25519 key. */
export function networkKeyOf(publicKey: KeyObject): NetworkKey {
  return { fingerprint: identityOfPublicKey(publicKey), publicKey };
}

/** From PKCS#8 PEM. Throws on anything else than an Ed25519 key. */
export function issuerKeyOf(pem: string): IssuerKey {
  const privateKey = createPrivateKey(pem);
  return { fingerprint: identityOfPublicKey(createPublicKey(privateKey)), privateKey };
}

/** 43 base64url characters: what a member keeps beside the fingerprint. */
export function formatNetworkKey(key: NetworkKey): string {
  return rawPublicKey(key.publicKey).toString('base64url');
}

/** Throws PinningError WRONG_IDENTITY when it is not the key that the fingerprint is of. */
export function parseNetworkKey(text: string, fingerprint: Fingerprint): NetworkKey {
  const isForm = /^[A-Za-z0-9_-]{43}$/.test(text);
  const key = isForm ? networkKeyOf(publicKeyFromRaw(Buffer.from(text, 'base64url'))) : undefined;
  if (key?.fingerprint !== fingerprint) {
    throw new PinningError('WRONG_IDENTITY', `not the key of ${fingerprint}`);
  }
  return key;
}
