import { isLoopbackHost, type Endpoint, type Role } from '#protocol';
import { leadsToOwnLoopback } from './own-loopback.js';

/** A peer as it joined. */
export interface DialledPeer {
  /** As it named them, the preferred one first. */
  readonly endpoints: readonly Endpoint[];
  /** Where the tracker saw it come from. */
  readonly observedHost: string;
  readonly role: Role;
}

/** Of those that it names itself; more are not tried. */
const MAX_NAMED_COUNT = 3;

/**
 * Where a tracker may look whether a peer answers: at the address that it comes from, and where a
 * publisher says that it is. A peer on the tracker's own machine may name any address of that machine;
 * nobody else can make the tracker call it.
 */
export function dialCandidates(
  { endpoints, observedHost, role }: DialledPeer,
  ownAddresses: ReadonlySet<string>,
): Endpoint[] {
  const [preferred] = endpoints;
  if (preferred === undefined || observedHost === '') return [];
  const isLocal = isLoopbackHost(observedHost);
  const observed = { host: observedHost, port: preferred.port };
  const named = [
    ...(role === 'reader' ? [] : [preferred]),
    ...(isLocal ? endpoints.filter(({ host }) => isOwn(host, ownAddresses)) : []),
  ];
  const allowed = isLocal ? named : named.filter(({ host }) => !leadsToOwnLoopback(host));
  const distinct = new Map(allowed.map((endpoint) => [keyOf(endpoint), endpoint]));
  distinct.delete(keyOf(observed));
  return [...[...distinct.values()].slice(0, MAX_NAMED_COUNT), observed];
}

function isOwn(host: string, ownAddresses: ReadonlySet<string>): boolean {
  return isLoopbackHost(host) || ownAddresses.has(host);
}

function keyOf({ host, port }: Endpoint): string {
  return `${host} ${port}`;
}
