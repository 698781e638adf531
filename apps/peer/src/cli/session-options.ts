import { DEFAULT_MAX_PEER_COUNT, type PeerConfig } from '../engine/peer-config.js';
import type { Settings } from './settings.js';

/** Settings as the engine wants them. */
export function toPeerConfig(
  settings: Settings,
  more: { programVersion: string; maxPeerCount?: number | undefined },
): PeerConfig {
  const { network, listen, advertise, upBytesPerSecond, downBytesPerSecond } = settings;
  return {
    network,
    listen,
    ...(advertise === undefined ? {} : { advertise }),
    maxUpBytesPerSecond: upBytesPerSecond,
    maxDownBytesPerSecond: downBytesPerSecond,
    maxPeerCount: more.maxPeerCount ?? DEFAULT_MAX_PEER_COUNT,
    programVersion: more.programVersion,
  };
}
