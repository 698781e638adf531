import { formatNetworkKey, networkKeyOf } from '#identity';
import type { EnrolReply, Invite } from '#protocol';
import type { Home } from '../../disk/home.js';
import { TrackerClient } from '../../net/tracker-client.js';
import { callError } from '../lookup/tracker-refusal.js';
import { HomeTls } from './home-tls.js';
import { enrolment, provenPath } from './tracker-paths.js';

/** Makes a home a member of the network that invites it, and has the home remember that; to do it
 *  again changes nothing. Throws TransferError INVITE_UNKNOWN, INVITE_EXPIRED, INVITE_USED_UP,
 *  MEMBER_REVOKED, WRONG_IDENTITY or TRACKER_UNREACHABLE, a disk's, or the signal's reason. */
export async function joinNetwork(
  home: Home,
  { tracker, token, fingerprint }: Invite,
  { signal }: { signal: AbortSignal },
): Promise<EnrolReply> {
  const access = { mode: 'pinned', trackers: [tracker], fingerprint, offlineGraceMs: 0 } as const;
  let key = '';
  const path = provenPath(access, {
    tls: new HomeTls(home),
    onProven: ({ publicKey }) => (key = formatNetworkKey(networkKeyOf(publicKey))),
  });
  using client = new TrackerClient(path);
  let reply: EnrolReply;
  try {
    reply = await client.call('enrol', enrolment(token), { signal });
  } catch (error) {
    throw callError(error, 'the invite');
  }
  const joinedAt = new Date().toISOString();
  await home.networks.remember({ trackers: [tracker], fingerprint, token, key, joinedAt });
  return reply;
}
