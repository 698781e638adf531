import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fingerprint } from '#protocol';
import { writeFileAtomically } from './atomic-file.js';
import { holdingLock } from './lock-file.js';

/** A home that is in more networks forgets the one whose credential it renewed longest ago. */
const MAX_NETWORKS = 64;

/** What a member needs while no tracker can be reached. */
export interface KeptCredential {
  /** The network's public key, as text. */
  readonly key: string;
  /** The membership of this home, signed; perhaps no longer valid. */
  readonly credential: string;
}

/** The credentials of a home, in `credentials.json` (0600), the latest of each network. A file that is
 *  missing or damaged is as good as none: trackers give new ones. */
export class CredentialsFile {
  private readonly path: string;

  /** `folder` is the home's, and exists. */
  constructor(private readonly folder: string) {
    this.path = join(folder, 'credentials.json');
  }

  async read(network: Fingerprint): Promise<KeptCredential | undefined> {
    return (await this.list()).get(network);
  }

  /** Throws TransferError on disk errors. */
  async keep(network: Fingerprint, kept: KeptCredential): Promise<void> {
    await holdingLock(join(this.folder, 'credentials.lock'), async () => {
      const known = await this.list();
      known.delete(network);
      known.set(network, kept);
      const networks = Object.fromEntries([...known].slice(-MAX_NETWORKS));
      const bytes = Buffer.from(`${JSON.stringify(networks, null, 2)}\n`);
      await writeFileAtomically(this.path, bytes, { mode: 0o600, durability: 'unsynced' });
    });
  }

  private async list(): Promise<Map<string, KeptCredential>> {
    const known = new Map<string, KeptCredential>();
    try {
      const networks = JSON.parse(await readFile(this.path, 'utf8')) as Record<string, unknown>;
      for (const [network, value] of Object.entries(networks)) {
        const { key, credential } = (value ?? {}) as Record<string, unknown>;
        if (typeof key === 'string' && typeof credential === 'string') {
          known.set(network, { key, credential });
        }
      }
    } catch {
      // Missing, or no longer what it was.
    }
    return known;
  }
}
