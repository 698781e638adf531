import { join } from 'node:path';
import {
  createIdentityKey,
  identityOfKey,
  issuerKeyOf,
  openTlsIdentity,
  type IssuerKey,
  type TlsIdentity,
} from '#identity';
import type { Fingerprint } from '#protocol';
import { CommandError } from '../cli/command-error.js';
import { readSecretFile, writeSecretFile } from '../store/secret-file.js';

/** What a secured network stands on: the tracker's key. */
export interface TrackerKey {
  readonly tls: TlsIdentity;
  /** Signs memberships. */
  readonly issuer: IssuerKey;
  /** Of the key, and of the network. */
  readonly fingerprint: Fingerprint;
  readonly origin: 'kept' | 'new';
}

/**
 * The key in DATA/tracker.key (0600), which is made when there is none, and its certificate. One that
 * cannot be read is never made anew: all members know this one. Throws CommandError KEY_UNUSABLE.
 */
export async function openTrackerKey(dataFolder: string): Promise<TrackerKey> {
  const path = join(dataFolder, 'tracker.key');
  const kept = await readKey(path);
  const keyPem = kept ?? createIdentityKey();
  if (kept === undefined) await writeSecretFile(path, keyPem);
  return {
    tls: await openTlsIdentity(keyPem, join(dataFolder, 'certificate.pem')),
    issuer: issuerKeyOf(keyPem),
    fingerprint: identityOfKey(keyPem),
    origin: kept === undefined ? 'new' : 'kept',
  };
}

/** The fingerprint of the key that is kept; undefined when there is none. */
export async function readFingerprint(dataFolder: string): Promise<Fingerprint | undefined> {
  const keyPem = await readKey(join(dataFolder, 'tracker.key'));
  return keyPem === undefined ? undefined : identityOfKey(keyPem);
}

async function readKey(path: string): Promise<string | undefined> {
  let keyPem: string | undefined;
  try {
    keyPem = await readSecretFile(path);
    if (keyPem !== undefined) identityOfKey(keyPem);
    return keyPem;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const what =
      keyPem === undefined ? `cannot be read (${code ?? 'unknown'})` : 'is damaged: no Ed25519 key';
    const message =
      `${path} ${what}. All members know the tracker by this key: put a copy of it back. ` +
      'Without one, move it away: then this is another network, and everybody has to join again';
    throw new CommandError('KEY_UNUSABLE', message, { cause });
  }
}
