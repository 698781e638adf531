import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Identity } from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import { hasErrno, onDisk } from './disk-error.js';
import { openIdentityFile, type IdentityFile, type IdentityKeys } from './identity-file.js';
import { makeLastingFolder } from './lasting-folder.js';
import { Library } from './library.js';
import { NetworksFile } from './networks-file.js';
import { UntoldCompletions } from './untold-completions.js';

/** The folder of one identity: its key, its configuration and its library. Several processes may
 *  have it open at once; nothing in it stays open. */
export class Home {
  /** Private to the language, so that nothing that shows an object shows it. */
  readonly #keyPem: string;
  readonly identity: Identity;

  private constructor(
    /** Absolute. */
    readonly path: string,
    key: IdentityFile,
    /** What `config.json` says; its values are for the reader of each setting to check. */
    readonly config: Readonly<Record<string, unknown>>,
    readonly library: Library,
    readonly untoldCompletions: UntoldCompletions,
    readonly networks: NetworksFile,
  ) {
    this.#keyPem = key.pem;
    this.identity = key.identity;
  }

  /** The private key of the identity, PEM: only for proving it to others. */
  get keyPem(): string {
    return this.#keyPem;
  }

  /** Makes the folder (0700) and the key (0600) at first use. Throws TransferError USAGE when the
   *  configuration is not a JSON object, and DISK_PERMISSION or DISK_FAILED. */
  static async open(path: string, keys: IdentityKeys): Promise<Home> {
    const folder = resolve(path);
    await onDisk({ path: folder, verb: 'create' }, () =>
      makeLastingFolder(folder, { mode: 0o700 }),
    );
    const config = await readConfig(join(folder, 'config.json'));
    const key = await openIdentityFile(join(folder, 'identity.key'), keys);
    const untold = new UntoldCompletions(join(folder, 'untold'));
    return new Home(folder, key, config, new Library(folder), untold, new NetworksFile(folder));
  }
}

async function readConfig(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await onDisk({ path, verb: 'read' }, async () => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return '{}';
      throw error;
    }
  });
  const config = parseJson(path, text);
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) {
    return config as Readonly<Record<string, unknown>>;
  }
  throw new TransferError('USAGE', `${path} must hold a JSON object`);
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TransferError('USAGE', `${path} is not valid JSON: ${why}`, { cause: error });
  }
}
