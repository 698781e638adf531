import { hostname } from 'node:os';
import type { ProvenSocket } from '#identity';
import { MAX_HOSTNAME_CHARS, type EnrolRequest, type InviteToken } from '#protocol';
import type { Home } from '../../disk/home.js';
import { pinnedPath, plainPath, type TrackerPath } from '../../net/tracker-path.js';
import { HomeTls } from './home-tls.js';
import type { NetworkAccess } from './network-access.js';

/** How a home gets to the trackers of a network. */
export function trackerPath(home: Home, network: NetworkAccess): TrackerPath {
  const { trackers } = network;
  if (network.mode === 'open') return plainPath(trackers);
  return provenPath(network, { tls: new HomeTls(home) });
}

/** As {@link trackerPath} of a network that is secured, with what the process already has. */
export function provenPath(
  network: Extract<NetworkAccess, { mode: 'pinned' }>,
  { tls, onProven }: { tls: HomeTls; onProven?: (proven: ProvenSocket) => void },
): TrackerPath {
  const { trackers, fingerprint, token } = network;
  return pinnedPath({
    trackers,
    fingerprint,
    context: () => tls.context(),
    ...(token === undefined ? {} : { enrolment: enrolment(token) }),
    ...(onProven === undefined ? {} : { onProven }),
  });
}

/** What an invite is shown with. */
export function enrolment(token: InviteToken): EnrolRequest {
  return { token, hostname: hostname().slice(0, MAX_HOSTNAME_CHARS) };
}
