import { createDialContext, createCertificate, createIdentityKey, identityOfKey } from '#identity';
import { parseInvite, type Identity } from '#protocol';
import { pinnedPath, plainPath, type TrackerPath } from '../../apps/peer/src/net/tracker-path.js';
import type { PinnedServer } from './pinned-server.js';

/** How the load gets to a tracker, and as whom: without encryption as anybody. */
export interface TrackerAccess {
  readonly path: TrackerPath;
  readonly identity: Identity | undefined;
}

export function plainAccess(server: PinnedServer): TrackerAccess {
  return { path: plainPath([server.endpoint]), identity: undefined };
}

/** A new identity, which enrols at its first call. */
export async function securedAccess(server: PinnedServer): Promise<TrackerAccess> {
  const { token, fingerprint } = parseInvite(server.invite);
  const keyPem = createIdentityKey();
  const own = { keyPem, certificatePem: await createCertificate(keyPem) };
  const context = createDialContext(own);
  const path = pinnedPath({
    trackers: [server.endpoint],
    fingerprint,
    context: () => Promise.resolve(context),
    enrolment: { token, hostname: 'bench' },
  });
  return { path, identity: identityOfKey(keyPem) };
}
