import { createPublicKey, type KeyObject } from 'node:crypto';
import { encodeBase32, hashBytes, type Identity } from '#protocol';

/** Bytes of the hash that an identity keeps: 160 bits, 32 base32 characters. */
const IDENTITY_BYTES = 20;

/** 32 base32 characters of the BLAKE3 hash of the raw public key. Throws TypeError on anything else
 *  than an Ed25519 key. */
export function identityOfPublicKey(publicKey: KeyObject): Identity {
  const hash = hashBytes(rawPublicKey(publicKey));
  return encodeBase32(hash.subarray(0, IDENTITY_BYTES)) as Identity;
}

/** 32 bytes. Throws TypeError on anything else than an Ed25519 key. */
export function rawPublicKey(publicKey: KeyObject): Buffer {
  if (publicKey.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key');
  const { x } = publicKey.export({ format: 'jwk' });
  return Buffer.from(x ?? '', 'base64url');
}

/** Throws when the bytes are not 32. */
export function publicKeyFromRaw(bytes: Uint8Array): KeyObject {
  const x = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}
