import { join } from 'node:path';
import { LOCAL_INVITE_FILE_NAME, type Invite } from '#protocol';
import type { Home } from '../../disk/home.js';
import type { RememberedNetwork } from '../../disk/networks-file.js';
import { readPointerFile } from '../../disk/pointer-file.js';

export type { RememberedNetwork };

/** What is known of networks without being told; each is looked up only when it is asked for. Both
 *  throw TransferError on disk errors. */
export interface KnownNetworks {
  /** Those that the home has joined, the latest last. */
  remembered(): readonly RememberedNetwork[];
  /** The network of a tracker that the same user runs on this machine. */
  pointer(): Invite | undefined;
}

/** `dataFolder` is the user's folder for Shoal, where a tracker leaves its invite. */
export function knownNetworks(home: Home, dataFolder: string): KnownNetworks {
  return {
    remembered: () => home.networks.list(),
    pointer: () => readPointerFile(join(dataFolder, LOCAL_INVITE_FILE_NAME)),
  };
}
