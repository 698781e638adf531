import { hostname, platform, release } from 'node:os';
import { API_VERSION, type Endpoint, type JoinRequest, type PeerId } from '#protocol';

const MAX_OS_CHARS = 64;

/** What this process says of itself when it joins. */
export function joinRequest(
  self: { peerId: PeerId; programVersion: string; endpoints(): readonly Endpoint[] },
  session: string,
): JoinRequest {
  return {
    peerId: self.peerId,
    session,
    apiVersions: [API_VERSION],
    features: [],
    hostname: hostname(),
    programVersion: self.programVersion,
    os: `${platform()} ${release()}`.slice(0, MAX_OS_CHARS),
    labels: [],
    endpoints: self.endpoints(),
  };
}
