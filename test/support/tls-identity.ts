import 'reflect-metadata';
import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { X509CertificateGenerator } from '@peculiar/x509';
import {
  createCertificate,
  createIdentityKey,
  identityOfKey,
  networkKeyOf,
  type NetworkKey,
  type TlsIdentity,
} from '#identity';
import type { Identity } from '#protocol';

export type NamedTlsIdentity = TlsIdentity & { readonly identity: Identity };

/** A new key, its certificate and its name. */
export async function newTlsIdentity(): Promise<NamedTlsIdentity> {
  const keyPem = createIdentityKey();
  const certificatePem = await createCertificate(keyPem);
  return { keyPem, certificatePem, identity: identityOfKey(keyPem) };
}

/** What others' programs have: keys of other kinds. */
const OTHER_KEYS = {
  ECDSA: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RSA: {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2_048,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: 'SHA-256',
  },
} as const;

/** A self-signed certificate of another kind of key. */
export async function newOtherIdentity(kind: keyof typeof OTHER_KEYS): Promise<TlsIdentity> {
  const { subtle } = webcrypto;
  const algorithm = OTHER_KEYS[kind];
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const der = Buffer.from(await subtle.exportKey('pkcs8', keys.privateKey));
  const privateKey = createPrivateKey({ key: der, type: 'pkcs8', format: 'der' });
  const certificate = await X509CertificateGenerator.createSelfSigned(
    { keys, name: 'CN=other', signingAlgorithm: algorithm },
    webcrypto,
  );
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificatePem: certificate.toString('pem'),
  };
}

/** The public half of a private key in PEM. */
export function networkKeyOfPem(keyPem: string): NetworkKey {
  return networkKeyOf(createPublicKey(createPrivateKey(keyPem)));
}
