import { TransferError } from '../../core/transfer-error.js';
import type { Home } from '../open-home.js';
import type { PeerConfig } from '../peer-config.js';
import type { Finding } from './finding.js';
import { checkDisk, checkNative, checkVersion } from './machine-checks.js';
import { checkNetwork, withoutNetwork } from './network-checks.js';

export interface Patient {
  readonly home: Home;
  readonly programVersion: string;
  /** Where downloads go unless it is said otherwise. */
  readonly downloadFolder: string;
  /** What commands that serve would use, or why they could not. */
  readonly config: PeerConfig | TransferError;
}

/** Looks at everything that a peer needs to work; changes nothing that lasts. Rejects with the
 *  signal's reason. */
export async function examine(
  { home, programVersion, downloadFolder, config }: Patient,
  { signal }: { signal: AbortSignal },
): Promise<Finding[]> {
  return [
    checkVersion(programVersion, process.version),
    checkNative(),
    await checkDisk(home, downloadFolder),
    ...(config instanceof TransferError
      ? withoutNetwork(config)
      : await checkNetwork(home, config, { signal })),
  ];
}
