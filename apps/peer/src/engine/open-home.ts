import { createIdentityKey, identityOfKey } from '#identity';
import { Home } from '../disk/home.js';

export type { Home };

const KEYS = { create: createIdentityKey, identityOf: identityOfKey };

/** Opens the folder that holds this identity's key, configuration and library. Throws
 *  TransferError USAGE or a disk's. */
export function openHome(path: string): Promise<Home> {
  return Home.open(path, KEYS);
}
