import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openTlsIdentity } from './certificate-file.js';
import { createCertificate } from './certificate.js';
import { createIdentityKey } from './identity-key.js';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-certificate-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe('openTlsIdentity', () => {
  it('makes the certificate once and keeps it to itself', async () => {
    const path = join(newFolder(), 'certificate.pem');
    const keyPem = createIdentityKey();
    const made = await openTlsIdentity(keyPem, path);
    expect(made).toEqual({ keyPem, certificatePem: await createCertificate(keyPem) });
    expect(readFileSync(path, 'utf8')).toBe(made.certificatePem);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { mtimeMs, ino } = statSync(path);
    expect(await openTlsIdentity(keyPem, path)).toEqual(made);
    expect(statSync(path)).toMatchObject({ mtimeMs, ino });
  });

  it('makes it again when the file has anything else', async () => {
    const folder = newFolder();
    const path = join(folder, 'certificate.pem');
    const keyPem = createIdentityKey();
    const certificatePem = await createCertificate(keyPem);
    for (const text of ['', 'damaged', await createCertificate(createIdentityKey())]) {
      writeFileSync(path, text);
      expect(await openTlsIdentity(keyPem, path)).toEqual({ keyPem, certificatePem });
      expect(readFileSync(path, 'utf8')).toBe(certificatePem);
    }
    expect(readdirSync(folder)).toEqual(['certificate.pem']);
  });

  it('may be asked by many at once', async () => {
    const folder = newFolder();
    const keyPem = createIdentityKey();
    const path = join(folder, 'certificate.pem');
    const made = await Promise.all(Array.from({ length: 8 }, () => openTlsIdentity(keyPem, path)));
    expect(new Set(made.map(({ certificatePem }) => certificatePem)).size).toBe(1);
    expect(readdirSync(folder)).toEqual(['certificate.pem']);
  });

  it('does without a place to keep it', async () => {
    const keyPem = createIdentityKey();
    const made = await openTlsIdentity(keyPem, join(newFolder(), 'missing', 'certificate.pem'));
    expect(made.certificatePem).toBe(await createCertificate(keyPem));
  });

  it('refuses what is no key', async () => {
    await expect(openTlsIdentity('', join(newFolder(), 'certificate.pem'))).rejects.toThrow();
  });
});
