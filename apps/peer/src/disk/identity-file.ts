import { open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Identity } from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import { hasErrno, onDisk } from './disk-error.js';
import { renameExclusively } from './exclusive-rename.js';
import { syncFolder } from './folder-sync.js';

/** Makes keys and reads who they belong to; what a key is like is not the disk's business. */
export interface IdentityKeys {
  /** PEM text. */
  readonly create: () => string;
  /** Throws for anything but a key. */
  readonly identityOf: (pem: string) => Identity;
}

/** A home's key and whom it names. */
export interface IdentityFile {
  readonly identity: Identity;
  /** PEM text: a secret. */
  readonly pem: string;
}

/** The key at `path`, made at first use. Of several processes that start at once
 *  one makes the key and all use it. Throws TransferError DISK_FAILED when the file holds anything
 *  but an Ed25519 key. */
export async function openIdentityFile(path: string, keys: IdentityKeys): Promise<IdentityFile> {
  const pem = (await readKey(path)) ?? (await makeKey(path, keys));
  try {
    return { identity: keys.identityOf(pem), pem };
  } catch (error) {
    const message = `${path} holds no Ed25519 key in PEM; put it back, or move it away to start anew`;
    throw new TransferError('DISK_FAILED', message, { cause: error });
  }
}

function readKey(path: string): Promise<string | undefined> {
  return onDisk({ path, verb: 'read' }, async () => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  });
}

async function makeKey(path: string, keys: IdentityKeys): Promise<string> {
  const temporaryPath = `${path}.${crypto.randomUUID()}.tmp`;
  await onDisk({ path, verb: 'create' }, async () => {
    try {
      await writeNew(temporaryPath, keys.create());
      renameExclusively(temporaryPath, path);
      await syncFolder(dirname(path));
    } catch (error) {
      await rm(temporaryPath, { force: true });
      if (!hasErrno(error, 'EEXIST')) throw error;
    }
  });
  // Another process may have been first: what lies there now is the key.
  return onDisk({ path, verb: 'read' }, () => readFile(path, 'utf8'));
}

async function writeNew(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
