import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { parsePeerId, type WireCode } from '#protocol';
import { RawPeer, rawPeerId } from '../../../../test/support/raw-peer.js';
import { rawFrames } from '../../../../test/support/raw-frames.js';
import { ChunkServer } from './chunk-server.js';
import type { ConnectionHandler, PeerConnection } from './peer-connection.js';

const SELF = { peerId: parsePeerId(rawPeerId('a')), programVersion: '0.0.0' };
const quiet: ConnectionHandler = {
  onMessage: () => undefined,
  onData: () => undefined,
  onWritable: () => undefined,
  onClosed: () => undefined,
};

function listen(
  admit: (connection: PeerConnection) => ConnectionHandler | WireCode,
  maxConnections = 8,
) {
  return ChunkServer.listen({ host: '127.0.0.1', port: 0, maxConnections, self: SELF, admit });
}

it('evicts the oldest of those that say nothing, and nobody else', async () => {
  const server = await listen(() => quiet);
  const met = await RawPeer.meet(server.endpoint, rawPeerId('b'));
  const silent: RawPeer[] = [];
  for (let count = 0; count <= 64; count += 1) {
    silent.push(await RawPeer.dial(server.endpoint, rawPeerId('c')));
  }
  await silent[0]!.ended();
  silent[1]!.send(rawFrames.hello(rawPeerId('c')));
  expect((await silent[1]!.next()).type).toBe('hello');
  expect(met.socket.closed).toBe(false);
  for (const peer of [met, ...silent]) await peer[Symbol.asyncDispose]();
  await server.close();
});

it('admits everybody that the caller admits, however many say nothing', async () => {
  const maxConnections = 4;
  const server = await listen(() => quiet, maxConnections);
  const peers: RawPeer[] = [];
  for (let count = 0; count < 70; count += 1) {
    peers.push(await RawPeer.dial(server.endpoint, rawPeerId('c')));
  }
  for (const letter of 'defg') peers.push(await RawPeer.meet(server.endpoint, rawPeerId(letter)));
  for (const peer of peers) await peer[Symbol.asyncDispose]();
  await server.close();
});

it('has room for others while many whom it refused do not close', async () => {
  const server = await listen(() => 'TOO_MANY_CONNECTIONS', 1);
  const refused: Socket[] = [];
  for (let count = 0; count < 70; count += 1) {
    const socket = connect({ ...server.endpoint, allowHalfOpen: true });
    socket.on('error', () => undefined); // evicted
    refused.push(socket);
    socket.write(rawFrames.hello(rawPeerId('b')));
    await new Promise<void>((resolve, reject) => {
      socket.once('data', () => resolve());
      socket.once('end', () => reject(new Error('there was no room for it')));
    });
  }
  await using another = await RawPeer.meet(server.endpoint, rawPeerId('c'));
  expect(await another.ended()).toBe('TOO_MANY_CONNECTIONS');
  for (const socket of refused) socket.destroy();
  await server.close();
});

it('closes those that have said nothing, and waits for the admitted', async () => {
  let admitted: PeerConnection | undefined;
  const server = await listen((connection) => {
    admitted = connection;
    return quiet;
  });
  await using met = await RawPeer.meet(server.endpoint, rawPeerId('b'));
  await using silent = await RawPeer.dial(server.endpoint, rawPeerId('c'));
  silent.send(rawFrames.hello(rawPeerId('c')).subarray(0, 10));
  const closed = server.close();
  await silent.ended();
  await admitted!.close('SHUTTING_DOWN');
  expect(await met.ended()).toBe('SHUTTING_DOWN');
  await closed;
  await server.close();
});

it('rejects when the address is taken', async () => {
  const server = await listen(() => quiet);
  const again = ChunkServer.listen({
    ...server.endpoint,
    maxConnections: 1,
    self: SELF,
    admit: () => quiet,
  });
  await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await server.close();
});
