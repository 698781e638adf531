import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HandshakePace, MAX_BURST_COUNT, MAX_WAITING_HANDSHAKE_COUNT } from './handshake-pace.js';

let server: Server;
let callers: Socket[];
let accepted: Socket[];
let begun: Socket[];
let whenBegun: () => void;

beforeEach(async () => {
  [callers, accepted, begun] = [[], [], []];
  whenBegun = () => undefined;
  server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  for (const socket of [...callers, ...accepted]) socket.destroy();
  server.close();
  await once(server, 'close');
});

/** So many connections, the earliest first. */
async function connections(count: number): Promise<Socket[]> {
  const { port } = server.address() as AddressInfo;
  while (accepted.length < count) {
    const arrival = once(server, 'connection') as Promise<[Socket]>;
    callers.push(connect({ host: '127.0.0.1', port }).on('error', () => undefined));
    accepted.push((await arrival)[0]);
  }
  return accepted;
}

/** By the number of their arrival. */
const numbersOf = (sockets: readonly Socket[]) => sockets.map((socket) => accepted.indexOf(socket));

const paceOf = (maxWaitMs: number) =>
  new HandshakePace({
    maxWaitMs,
    begin: (socket) => {
      begun.push(socket);
      whenBegun();
    },
  });

async function allBegun(count: number): Promise<void> {
  while (begun.length < count) await new Promise<void>((resolve) => (whenBegun = resolve));
}

it('begins what comes now and then at once, and of a flood the latest first, by and by', async () => {
  const pace = paceOf(60_000);
  const sockets = await connections(MAX_BURST_COUNT + 200);
  for (const socket of sockets) pace.add(socket);
  const atOnce = [...begun];
  const first = numbersOf(sockets.slice(0, MAX_BURST_COUNT));
  expect(numbersOf(atOnce.slice(0, MAX_BURST_COUNT))).toEqual(first);
  expect(pace.waitingCount).toBe(sockets.length - atOnce.length);
  expect(pace.waitingCount).toBeGreaterThan(0);
  await allBegun(sockets.length);
  const late = sockets.filter((socket) => !atOnce.includes(socket));
  expect(numbersOf(begun.slice(atOnce.length))).toEqual(numbersOf(late.reverse()));
  expect(pace.waitingCount).toBe(0);
});

it('leaves whoever has waited too long', async () => {
  const pace = paceOf(0);
  const sockets = await connections(2);
  for (const socket of sockets) pace.add(socket);
  expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  expect([begun, pace.waitingCount]).toEqual([[], 0]);
});

it('takes no turn for who has gone, and lets go of all when it is closed', async () => {
  const pace = paceOf(60_000);
  const sockets = await connections(MAX_BURST_COUNT + 200);
  for (const socket of sockets) pace.add(socket);
  const gone = sockets.find((socket) => !begun.includes(socket))!;
  gone.destroy();
  await once(gone, 'close');
  pace.close();
  expect(pace.waitingCount).toBe(0);
  const alive = numbersOf(sockets.filter((socket) => !socket.destroyed));
  expect(alive).toEqual(numbersOf(begun).sort((a, b) => a - b));
  expect(begun.includes(gone)).toBe(false);
});

it('keeps few waiting: the oldest goes when another comes', async () => {
  const pace = paceOf(60_000);
  const sockets = await connections(MAX_BURST_COUNT + MAX_WAITING_HANDSHAKE_COUNT + 200);
  for (const socket of sockets) pace.add(socket);
  expect(pace.waitingCount).toBeLessThanOrEqual(MAX_WAITING_HANDSHAKE_COUNT);
  const left = sockets.filter((socket) => socket.destroyed);
  expect(left.length).toBeGreaterThan(0);
  const unbegun = sockets.filter((socket) => !begun.includes(socket));
  expect(numbersOf(left)).toEqual(numbersOf(unbegun.slice(0, left.length)));
  pace.close();
});
