import { CredentialsFile } from '../../disk/credentials-file.js';
import type { Home } from '../../disk/home.js';
import type { Secured } from '../../net/member-proof.js';
import type { TrackerPath } from '../../net/tracker-path.js';
import { Grants } from './grants.js';
import { HomeTls } from './home-tls.js';
import { Membership } from './membership.js';
import type { NetworkAccess } from './network-access.js';
import { provenPath, trackerPath } from './tracker-paths.js';

/** What a session gets to its network with; what follows the path is missing in the open. */
export interface SessionAccess {
  readonly path: TrackerPath;
  readonly membership?: Membership;
  readonly secured?: Secured;
  readonly grants?: Grants;
}

export async function openAccess(home: Home, network: NetworkAccess): Promise<SessionAccess> {
  if (network.mode === 'open') return { path: trackerPath(home, network) };
  const tls = new HomeTls(home);
  const file = new CredentialsFile(home.path);
  const members = await Membership.open({ identity: home.identity, network, file });
  const path = provenPath(network, { tls, onProven: (proven) => members.trackerProven(proven) });
  const [own, context] = await Promise.all([tls.identity(), tls.context()]);
  return {
    path,
    membership: members,
    secured: { own, context, members },
    grants: new Grants(members),
  };
}
