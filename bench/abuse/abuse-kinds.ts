import type { Abuse, AbusedPort } from './abuse-kind.js';
import { PEER_ABUSE } from './peer-abuse.js';
import { SECURED_ABUSE } from './secured-abuse.js';
import { TRACKER_ABUSE } from './tracker-abuse.js';

/** What is done to each port. */
export const ABUSE_KINDS: Readonly<Record<AbusedPort, Readonly<Record<string, Abuse>>>> = {
  tracker: TRACKER_ABUSE,
  peer: PEER_ABUSE,
  'secured-peer': SECURED_ABUSE,
};
