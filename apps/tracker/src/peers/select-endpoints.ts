import { isLoopbackHost, type Endpoint } from '#protocol';

/** Who asks: a loopback address means something on the asker's own machine only. */
export type AskerPlace = 'this-machine' | 'elsewhere';

export function placeOf(askerHost: string): AskerPlace {
  return isLoopbackHost(askerHost) ? 'this-machine' : 'elsewhere';
}

/** What an asker may dial, in the peer's order of preference, then the address the tracker saw it
 *  come from. */
export function selectEndpoints(
  peer: { endpoints: readonly Endpoint[]; observedHost: string },
  asker: AskerPlace,
): Endpoint[] {
  const [preferred] = peer.endpoints;
  if (preferred === undefined) return [];
  const known = peer.endpoints.some(({ host }) => host === peer.observedHost);
  const observed = { host: peer.observedHost, port: preferred.port };
  const all = known || peer.observedHost === '' ? peer.endpoints : [...peer.endpoints, observed];
  return asker === 'this-machine' ? [...all] : all.filter(({ host }) => !isLoopbackHost(host));
}
