import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConnectionGuard, CONNECTION_LIMITS, type ConnectionLimits } from './connection-guard.js';
import { MET_EVENT } from './rpc-socket.js';

let server: Server;
let guard: ConnectionGuard;
let clients: Socket[];

beforeEach(async () => {
  clients = [];
  server = createServer().listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  guard.closeAll();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

function watch(limits: Partial<ConnectionLimits>): void {
  guard = new ConnectionGuard(server, 'connection', { ...CONNECTION_LIMITS, ...limits });
}

/** Both ends of a new connection. */
async function open(): Promise<{ client: Socket; accepted: Socket }> {
  const { port } = server.address() as AddressInfo;
  const client = connect({ host: '127.0.0.1', port });
  clients.push(client);
  client.on('error', () => undefined); // 'close' follows
  client.resume();
  const [accepted] = (await once(server, 'connection')) as [Socket];
  accepted.resume();
  return { client, accepted };
}

/** Also after a reset, which once() would reject for. */
const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

/** As the server does when somebody asks who may. */
const ask = ({ accepted }: { accepted: Socket }) => accepted.emit(MET_EVENT);

it('evicts the oldest of those that have sent no request, and nobody else', async () => {
  watch({ maxUnmetConnectionCount: 2 });
  const member = await open();
  ask(member);
  const oldest = await open();
  const gone = closed(oldest.client);
  const younger = [await open(), await open()];
  await gone;
  for (const { accepted } of [member, ...younger]) expect(accepted.destroyed).toBe(false);
});

it('leaves whoever has sent no request in time, also a byte at a time', async () => {
  watch({ firstRequestTimeoutMs: 100 });
  const { client } = await open();
  const gone = closed(client);
  const trickle = setInterval(() => client.write('1'), 10);
  await gone;
  clearInterval(trickle);
});

it('gives a long first request the time that its bytes take', async () => {
  watch({ firstRequestTimeoutMs: 1_000 });
  const slow = await open();
  slow.client.write(Buffer.alloc(64 * 1024));
  const silent = await open();
  while (slow.accepted.bytesRead < 64 * 1024) await once(slow.accepted, 'data');
  await closed(silent.client);
  expect(slow.accepted.destroyed).toBe(false);
});

it('has room for some that are not met, however many are, and for no more that are', async () => {
  watch({ maxConnectionCount: 2, maxUnmetConnectionCount: 2 });
  const members = [await open(), await open()];
  for (const member of members) ask(member);
  const another = await open();
  const gone = closed(another.client);
  ask(another);
  await gone;
  for (const { accepted } of members) expect(accepted.destroyed).toBe(false);
});

it('does not count those that it has just evicted among those that are met', async () => {
  watch({ maxConnectionCount: 1, maxUnmetConnectionCount: 1 });
  await open();
  const member = await open();
  ask(member);
  expect(member.accepted.destroyed).toBe(false);
});
