import { networkInterfaces } from 'node:os';
import { isLoopbackHost, MAX_ENDPOINT_COUNT, type Endpoint } from '#protocol';

/**
 * Where others may find this process, preferred first: what the operator advertises, else the
 * listening address, else, when it listens everywhere, every address of this machine, with
 * loopback last (the tracker hands that only to askers on loopback).
 */
export function candidateEndpoints(listening: Endpoint, advertised?: Endpoint): Endpoint[] {
  if (advertised !== undefined) {
    const { host, port } = advertised;
    return [{ host, port: port === 0 ? listening.port : port }];
  }
  const { host, port } = listening;
  if (host !== '0.0.0.0' && host !== '::') return [{ host, port }];
  const addresses = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter((entry) => entry.family === 'IPv4' || host === '::')
    .filter((entry) => !entry.address.startsWith('fe80:'))
    .map((entry) => entry.address);
  addresses.sort((a, b) => Number(isLoopbackHost(a)) - Number(isLoopbackHost(b)));
  return addresses.slice(0, MAX_ENDPOINT_COUNT).map((address) => ({ host: address, port }));
}
