import { ProtocolError } from './errors.js';
import { MAX_HOST_CHARS } from './limits.js';
import type { Endpoint } from './tracker/tracker-api.js';

/** Looser than the RFCs by the underscore, which container networks put into host names. */
const HOST_NAME = /^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?\.?$/;
const IPV6 = /^(?=[^%]*:[^%]*:)[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?$/;

/** Parses `HOST:PORT` or `[IPV6]:PORT`. Throws ProtocolError INVALID_ENDPOINT. */
export function parseEndpoint(text: string): Endpoint {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2] ?? '';
  const isHost = match?.[1] === undefined ? HOST_NAME.test(host) : IPV6.test(host);
  if (match === null || !isHost || port > 65_535 || host.length > MAX_HOST_CHARS) {
    throw new ProtocolError('INVALID_ENDPOINT', { text: JSON.stringify(text.slice(0, 80)) });
  }
  return { host, port };
}

export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.host.includes(':')
    ? `[${endpoint.host}]:${endpoint.port}`
    : `${endpoint.host}:${endpoint.port}`;
}

/** 127.0.0.0/8, ::1, their mapped forms, and `localhost`. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.toLowerCase().replace(/^::ffff:/, '');
  return bare === '::1' || bare === 'localhost' || /^127(\.[0-9]{1,3}){3}$/.test(bare);
}
