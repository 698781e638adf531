import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MAX_BEGUN_PER_TURN_COUNT, MAX_UNMET_BEGUN_PER_TURN_COUNT } from './rpc-limits.js';
import { MET_EVENT, RpcSocket, type RpcRequest } from './rpc-socket.js';

const REQUEST_COUNT = 1_000;

let server: Server;
let callers: Socket[];
/** Whose request began, in order; each is answered at once. */
let begun: number[];

beforeEach(async () => {
  [callers, begun] = [[], []];
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  for (const caller of callers) caller.destroy();
  server.close();
  await once(server, 'close');
});

/** A connection over which `standing` asks. */
async function open(standing: 'member' | 'stranger'): Promise<Socket> {
  const number = callers.length;
  const accepting = once(server, 'connection') as Promise<[Socket]>;
  const { port } = server.address() as AddressInfo;
  const caller = connect({ host: '127.0.0.1', port, noDelay: true });
  callers.push(caller);
  const [socket] = await accepting;
  const rpc = new RpcSocket(socket);
  if (standing === 'member') socket.emit(MET_EVENT);
  rpc.on('message', ({ id }: RpcRequest) => {
    begun.push(number);
    void Promise.resolve().then(() => rpc.reply(id, { response: '{}' }));
  });
  return caller;
}

function ask(caller: Socket, requestCount: number): void {
  const json = JSON.stringify({ pattern: 'x', data: {}, id: '1' });
  caller.write(`${json.length}#${json}`.repeat(requestCount));
}

/** Until so many of one connection have begun. */
async function turns(number: number, count: number): Promise<void> {
  while (begun.filter((other) => other === number).length < count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('lets others in between the many requests of one connection', async () => {
  const greedy = await open('member');
  const modest = await open('member');
  ask(greedy, REQUEST_COUNT);
  await turns(0, 1);
  ask(modest, 1);
  await turns(1, 1);
  expect(begun.filter((number) => number === 0).length).toBeLessThan(REQUEST_COUNT);
  await turns(0, REQUEST_COUNT);
});

it('begins no more in a turn than a connection may, fewer of strangers', async () => {
  const perTurn: number[][] = [];
  const strangers = [await open('stranger'), await open('stranger')];
  const member = await open('member');
  for (const caller of [...strangers, member]) ask(caller, 200);
  while (begun.length < 600) {
    const before = begun.length;
    await new Promise((resolve) => setImmediate(resolve));
    perTurn.push(begun.slice(before));
  }
  for (const numbers of perTurn) {
    const countOf = (wanted: number) => numbers.filter((number) => number === wanted).length;
    expect(countOf(0)).toBeLessThanOrEqual(MAX_UNMET_BEGUN_PER_TURN_COUNT);
    expect(countOf(1)).toBeLessThanOrEqual(MAX_UNMET_BEGUN_PER_TURN_COUNT);
    expect(countOf(2)).toBeLessThanOrEqual(MAX_BEGUN_PER_TURN_COUNT);
  }
});
