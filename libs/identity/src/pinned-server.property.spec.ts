import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PinnedLab, readToEnd } from '../../../test/support/pinned-lab.js';
import { newTlsIdentity } from '../../../test/support/tls-identity.js';
import { dialPinned } from './pinned-dial.js';
import { createDialContext } from './tls-options.js';

const self = await newTlsIdentity();
const context = createDialContext(self);

/** The first thing that a client of ours says. */
async function firstWords(): Promise<Buffer> {
  const server = createServer();
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ host: '127.0.0.1', port, secureContext: context });
  client.on('error', () => undefined); // 'close' follows
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

/** Greetings cut short or changed, and anything else. */
const spoiled = (greeting: Buffer) =>
  fc.oneof(
    fc.uint8Array({ maxLength: 2_000 }),
    fc.nat(greeting.length - 1).map((lengthBytes) => greeting.subarray(0, lengthBytes)),
    fc
      .array(fc.tuple(fc.nat(greeting.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
      .map((changes) => {
        const bytes = Buffer.from(greeting);
        for (const [index, value] of changes) bytes[index] = value;
        return bytes;
      }),
  );

it('admits nobody who says anything else than a handshake, and goes on', async () => {
  await using lab = await PinnedLab.open({ protocol: 'shoal/1' });
  await fc.assert(
    fc.asyncProperty(spoiled(await firstWords()), async (bytes) => {
      const socket = await lab.callPlain();
      socket.end(bytes);
      await readToEnd(socket);
    }),
    { numRuns: 300 },
  );
  await lab.until(() => lab.pinned.unprovenCount === 0);
  expect([lab.admitted, lab.received]).toEqual([[], '']);
  expect(new Set(lab.refused.map(({ code }) => code))).toEqual(new Set(['HANDSHAKE_FAILED']));
  const expected = lab.self.identity;
  const dial = { endpoint: lab.endpoint, context, protocol: 'shoal/1', expected } as const;
  const { socket } = await dialPinned(dial, new AbortController());
  socket.destroy();
});

it('finds nobody in a server that says anything else than a handshake', async () => {
  let answer: Uint8Array = Buffer.alloc(0);
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // 'close' follows
    socket.once('data', () => socket.end(answer));
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const endpoint = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const dial = { endpoint, context, protocol: 'shoal/1', expected: self.identity } as const;
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (bytes) => {
      answer = bytes;
      await expect(dialPinned(dial, new AbortController())).rejects.toMatchObject({
        code: expect.stringMatching(/^(HANDSHAKE_FAILED|ECONNRESET|EPIPE)$/) as string,
      });
    }),
    { numRuns: 300 },
  );
  await new Promise((closed) => server.close(closed));
});
