import { createPrivateKey, createPublicKey, webcrypto, type X509Certificate } from 'node:crypto';
import type { Identity } from '#protocol';
import { PinningError } from './pinning-error.js';
import { identityOfPublicKey } from './public-key.js';

/** The whole of time, as certificates count it: nobody checks it, and nothing ever runs out. */
const NOT_BEFORE = new Date(0);
const NOT_AFTER = new Date('9999-12-31T23:59:59Z');

/**
 * A self-signed certificate (PEM) of an Ed25519 private key (PKCS#8 PEM). It says nothing but the key:
 * no host names, no dates that matter. The same key gives the same bytes each time. Throws on anything
 * else than an Ed25519 key.
 */
export async function createCertificate(keyPem: string): Promise<string> {
  const privateKey = createPrivateKey(keyPem);
  const publicKey = createPublicKey(privateKey);
  if (publicKey.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key');
  const { subtle } = webcrypto;
  const keys = {
    privateKey: await subtle.importKey(
      'pkcs8',
      privateKey.export({ type: 'pkcs8', format: 'der' }),
      'Ed25519',
      false,
      ['sign'],
    ),
    publicKey: await subtle.importKey(
      'spki',
      publicKey.export({ type: 'spki', format: 'der' }),
      'Ed25519',
      true,
      ['verify'],
    ),
  };
  // Loaded here because they are slow to load, and used only when a key is new. The second needs
  // what the first defines, and a bundle keeps no other order than this.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      keys,
      serialNumber: '01',
      name: 'CN=shoal',
      notBefore: NOT_BEFORE,
      notAfter: NOT_AFTER,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      ],
    },
    webcrypto,
  );
  return `${certificate.toString('pem').trim()}\n`;
}

/** Who has the key of a certificate; all else in it is ignored. That its holder has the key, too, is
 *  what the handshake proves. Throws PinningError WRONG_KEY_KIND. */
export function identityOfCertificate(certificate: X509Certificate): Identity {
  try {
    return identityOfPublicKey(certificate.publicKey);
  } catch (cause) {
    throw new PinningError('WRONG_KEY_KIND', 'the certificate has no Ed25519 key', { cause });
  }
}
