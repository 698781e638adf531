import { endpointFlag, graceFlag, rateFlag } from './value-flags.js';

/** Flags of the commands that serve. */
export const servingFlags = {
  listen: endpointFlag({
    description:
      'where other peers may connect (default: 0.0.0.0:0, with --insecure 127.0.0.1:0); port 0 picks a free one',
  }),
  advertise: endpointFlag({ description: 'what other peers are told to connect to instead' }),
  up: rateFlag({ description: 'most to send, all peers together (default: no limit)' }),
  'offline-grace': graceFlag({
    env: 'SHOAL_OFFLINE_GRACE',
    description:
      'how long memberships are taken after their end while no tracker can be reached (default: 1h; 0: not at all)',
  }),
};
