import { randomUUID, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createCertificate } from './certificate.js';
import type { TlsIdentity } from './tls-options.js';

/**
 * A key (PKCS#8 PEM) with its certificate, which is kept at `path` (0600) because making it loads a
 * slow library. The same key gives the same bytes, so a file that is missing, damaged or of another
 * key is made again, several processes may do so at once, and where nothing can be written the
 * certificate is just not kept. Throws on anything else than an Ed25519 key.
 */
export async function openTlsIdentity(keyPem: string, path: string): Promise<TlsIdentity> {
  const kept = await readFile(path, 'utf8').catch(() => '');
  if (isCertificateOf(kept, keyPem)) return { keyPem, certificatePem: kept };
  const certificatePem = await createCertificate(keyPem);
  const temporaryPath = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporaryPath, certificatePem, { mode: 0o600, flag: 'wx' });
    await rename(temporaryPath, path);
  } catch {
    await rm(temporaryPath, { force: true }).catch(() => undefined);
  }
  return { keyPem, certificatePem };
}

function isCertificateOf(certificatePem: string, keyPem: string): boolean {
  try {
    return new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}
