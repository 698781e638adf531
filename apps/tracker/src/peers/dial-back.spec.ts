import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDialContext } from '#identity';
import type { Endpoint, Identity } from '#protocol';
import { PinnedLab } from '../../../../test/support/pinned-lab.js';
import { newTlsIdentity } from '../../../../test/support/tls-identity.js';
import { DIAL_LIMITS, DialBack, type DialLimits } from './dial-back.js';

const NOBODY = 'a'.repeat(32) as Identity;

/** Accepts connections and says nothing. */
let silent: Server;
let sockets: Socket[];
let dials: DialBack;

beforeEach(async () => {
  sockets = [];
  silent = createServer((socket) => {
    socket.on('error', () => undefined); // 'close' follows
    sockets.push(socket);
  }).listen({ host: '127.0.0.1', port: 0 });
  await once(silent, 'listening');
});
afterEach(() => {
  vi.useRealTimers();
  dials.close();
  for (const socket of sockets) socket.destroy();
  silent.close();
});

async function open(limits: Partial<DialLimits> = {}): Promise<void> {
  const context = createDialContext(await newTlsIdentity());
  dials = new DialBack(context, { ...DIAL_LIMITS, ...limits });
}

const silentEndpoint = (): Endpoint => {
  const { port } = silent.address() as AddressInfo;
  return { host: '127.0.0.1', port };
};

const dial = (
  endpoint: Endpoint,
  expected = NOBODY,
  from: 'this-machine' | 'elsewhere' = 'this-machine',
) => dials.dial({ endpoint, expected, from });

it('gives the address behind a name that has answered', async () => {
  await open();
  await using lab = await PinnedLab.open({ protocol: 'shoal/1' });
  const { port } = lab.endpoint;
  expect(await dial({ host: 'localhost', port }, lab.self.identity)).toEqual({
    host: '127.0.0.1',
    port,
  });
  expect(await dial(lab.endpoint, NOBODY)).toBeUndefined();
  expect(await dial({ host: 'localhost', port }, lab.self.identity, 'elsewhere')).toBeUndefined();
});

it('is not led by a name of a peer elsewhere to its own machine', async () => {
  await open();
  expect(
    await dial({ ...silentEndpoint(), host: 'localhost' }, NOBODY, 'elsewhere'),
  ).toBeUndefined();
  expect(sockets).toEqual([]);
});

it.each(['0.0.0.0', '::ffff:7f00:1', '127.1'])('nor by the spelling %s', async (host) => {
  await open();
  await using lab = await PinnedLab.open({ protocol: 'shoal/1' });
  const endpoint = { host, port: lab.endpoint.port };
  expect(await dial(endpoint, lab.self.identity)).toBeDefined();
  expect(await dial(endpoint, lab.self.identity, 'elsewhere')).toBeUndefined();
});

it('dials a few at once, lets some wait, and refuses the rest', async () => {
  await open({ maxInflightCount: 2, maxWaitingCount: 1 });
  const answers = [1, 2, 3].map(() => dial(silentEndpoint()));
  expect(await dial(silentEndpoint())).toBeUndefined();
  while (sockets.length < 2) await once(silent, 'connection');
  const third = once(silent, 'connection');
  sockets[0]!.destroy();
  expect(await answers[0]).toBeUndefined();
  await third;
  expect(sockets).toHaveLength(3);
  dials.close();
  expect(await Promise.all(answers)).toEqual([undefined, undefined, undefined]);
});

it('counts each address of a name for the second, and for the next one what was too many', async () => {
  const resolved: string[] = [];
  const context = createDialContext(await newTlsIdentity());
  dials = new DialBack(context, { ...DIAL_LIMITS, maxPerSecond: 2 }, (host) => {
    resolved.push(host);
    return Promise.resolve(['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'].map(toAddress));
  });
  const { port } = silentEndpoint();
  silent.close();
  await once(silent, 'close');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await dial({ host: 'one', port });
  const second = dial({ host: 'two', port });
  expect(resolved).toEqual(['one']);
  vi.advanceTimersByTime(1_000);
  expect(resolved).toEqual(['one']);
  vi.advanceTimersByTime(1_000);
  expect(resolved).toEqual(['one', 'two']);
  await second;
});

const toAddress = (address: string) => ({ address });
