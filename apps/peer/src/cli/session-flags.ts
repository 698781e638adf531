import { endpointFlag, rateFlag } from './value-flags.js';

/** Flags of the commands that serve. */
export const servingFlags = {
  listen: endpointFlag({
    description: 'where other peers may connect (default: 127.0.0.1:0); port 0 picks a free one',
  }),
  advertise: endpointFlag({ description: 'what other peers are told to connect to instead' }),
  up: rateFlag({ description: 'most to send, all peers together (default: no limit)' }),
};
