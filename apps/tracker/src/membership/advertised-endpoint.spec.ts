import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { advertisedEndpoint } from './advertised-endpoint.js';

type Scope = 'own' | 'shared';

const address = (family: 'IPv4' | 'IPv6', text: string, scope: Scope = 'shared') =>
  ({ address: text, family, internal: scope === 'own' }) as NetworkInterfaceInfo;

const MACHINE = {
  lo: [address('IPv4', '127.0.0.1', 'own'), address('IPv6', '::1', 'own')],
  eth0: [
    address('IPv6', 'fe80::1'),
    address('IPv6', '2001:db8::5'),
    address('IPv4', '169.254.3.4'),
    address('IPv4', '10.0.0.5'),
  ],
};

describe('advertisedEndpoint', () => {
  it.each([
    ['10.0.0.9', '10.0.0.9'],
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '10.0.0.5'],
    ['::', '10.0.0.5'],
  ])('names %s as %s', (host, advertised) => {
    expect(advertisedEndpoint(undefined, { host, port: 7 }, MACHINE)).toEqual({
      host: advertised,
      port: 7,
    });
  });

  it('takes IPv6 where there is nothing else, and this machine alone where there is nothing', () => {
    const all = { host: '::', port: 7 };
    const eth0 = MACHINE.eth0.filter(({ family }) => family === 'IPv6');
    expect(advertisedEndpoint(undefined, all, { eth0 }).host).toBe('2001:db8::5');
    expect(advertisedEndpoint(undefined, all, {}).host).toBe('127.0.0.1');
  });

  it('takes what was configured, with the port that is listened on where it names none', () => {
    const listening = { host: '0.0.0.0', port: 7 };
    const host = 'tracker.example';
    expect(advertisedEndpoint({ host, port: 0 }, listening)).toEqual({ host, port: 7 });
    expect(advertisedEndpoint({ host, port: 9 }, listening)).toEqual({ host, port: 9 });
  });
});
