import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import type { Endpoint } from '#protocol';

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

const LINK_LOCAL = /^(169\.254\.|fe[89ab])/i;

/** All addresses of this machine. */
export function isWildcardHost(host: string): boolean {
  return /^(0\.0\.0\.0|(::ffff:)?0\.0\.0\.0|[0:]+)$/i.test(host);
}

/** What invites name: what was configured, where a port of 0 stands for the one that is listened on;
 *  else where the tracker listens, which for all addresses is the first one that others can reach. */
export function advertisedEndpoint(
  configured: Endpoint | undefined,
  listening: Endpoint,
  interfaces: Interfaces = networkInterfaces(),
): Endpoint {
  const { port } = listening;
  if (configured !== undefined) {
    return { host: configured.host, port: configured.port === 0 ? port : configured.port };
  }
  if (!isWildcardHost(listening.host)) return listening;
  return { host: primaryAddress(interfaces), port };
}

/** IPv4 before IPv6; this machine alone when it has no other. */
function primaryAddress(interfaces: Interfaces): string {
  const addresses = Object.values(interfaces)
    .flatMap((infos) => infos ?? [])
    .filter(({ internal, address }) => !internal && !LINK_LOCAL.test(address));
  const primary = addresses.find(({ family }) => family === 'IPv4') ?? addresses[0];
  return primary?.address ?? '127.0.0.1';
}
