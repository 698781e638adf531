import { BlockList, isIP } from 'node:net';

/** To connect to an unspecified address is to connect to loopback. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('0.0.0.0', 8, 'ipv4');
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::', 'ipv6');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether who dials this host, an address in any spelling or `localhost`, gets its own machine. Of
 *  other names only who resolves them knows. */
export function leadsToOwnLoopback(host: string): boolean {
  const plain = plainHost(host.replace(/%.*$/, ''));
  const family = isIP(plain);
  if (family === 0) return /^([^.]+\.)*localhost\.?$/.test(plain);
  return LOOPBACK.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}

/** As the URL standard spells it: `127.1` and `0x7f000001` are `127.0.0.1`. */
function plainHost(host: string): string {
  const url = `http://${host.includes(':') ? `[${host}]` : host}/`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : host.toLowerCase();
}
