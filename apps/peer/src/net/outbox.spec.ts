import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Outbox } from './outbox.js';

const MESSAGE = Buffer.alloc(11);

let server: Server;
let sockets: Socket[];

beforeEach(async () => {
  sockets = [];
  server = createServer().listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
});

afterEach(async () => {
  const closed = sockets
    .filter((socket) => !socket.closed)
    .map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

/** An outbox before a socket whose other end reads nothing until it is told to. */
async function open(): Promise<{ outbox: Outbox; socket: Socket; other: Socket }> {
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port });
  const [other] = (await once(server, 'connection')) as [Socket];
  other.pause();
  other.on('error', () => undefined); // a reset
  sockets.push(socket, other);
  return { outbox: new Outbox(socket, () => undefined), socket, other };
}

function fill(outbox: Outbox, messageCount: number): void {
  for (let count = 0; count < messageCount; count += 1) outbox.write(MESSAGE);
}

it('is overfull when small messages take far more than their bytes', async () => {
  const { outbox } = await open();
  fill(outbox, 60_000);
  expect(outbox.isOverfull).toBe(false);
  fill(outbox, 5_000);
  expect(outbox.isOverfull).toBe(true);
});

it('shares what may wait with all others, and leaves each a little', async () => {
  const deaf = [await open(), await open(), await open()];
  const modest = await open();
  for (const { outbox } of deaf) fill(outbox, 45_000);
  fill(modest.outbox, 100);
  expect(deaf.map(({ outbox }) => outbox.isOverfull)).toEqual([true, true, true]);
  expect(modest.outbox.isOverfull).toBe(false);
  const closed = once(deaf[0]!.socket, 'close');
  deaf[0]!.socket.destroy();
  await closed;
  expect(deaf[1]!.outbox.isOverfull).toBe(false);
});

it('counts nothing that was taken', async () => {
  const { outbox, socket, other } = await open();
  const drained = once(socket, 'drain');
  fill(outbox, 70_000);
  expect(outbox.isOverfull).toBe(true);
  other.resume();
  await drained;
  expect(outbox.isOverfull).toBe(false);
});
