import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { newOtherIdentity, newTlsIdentity } from '../../../test/support/tls-identity.js';
import { prove } from './proof.js';
import type { TlsIdentity } from './tls-options.js';

const self = await newTlsIdentity();
const own = (identity: TlsIdentity) => ({ key: identity.keyPem, cert: identity.certificatePem });

/** A server that takes any key and resumes sessions: all that a pinned one leaves to `prove` last. */
async function laxServer() {
  const server = createServer({ ...own(self), requestCert: true, rejectUnauthorized: false });
  onTestFinished(() => void server.close());
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined); // 'close' follows
    socket.write('hello');
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  /** Both ends of a connection, after the first byte has come. */
  return async (options: ConnectionOptions) => {
    const accepting = once(server, 'secureConnection');
    const client = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
    onTestFinished(() => void client.destroy());
    const session = once(client, 'session').then(([bytes]) => bytes as Buffer);
    await once(client, 'data');
    const [accepted] = (await accepting) as [TLSSocket];
    return { client, accepted, session };
  };
}

it('takes a resumed session for nobody, at either end', async () => {
  const call = await laxServer();
  const options = own(await newTlsIdentity());
  const session = await (await call(options)).session;
  const { client, accepted } = await call({ ...options, session });
  expect([client.isSessionReused(), accepted.isSessionReused()]).toEqual([true, true]);
  for (const socket of [client, accepted]) {
    expect(() => prove(socket, { protocol: 'shoal/1' })).toThrow(
      expect.objectContaining({ name: 'PinningError', code: 'SESSION_RESUMED' }),
    );
  }
});

it.each(['RSA', 'ECDSA'] as const)('takes the holder of an %s key for nobody', async (kind) => {
  const call = await laxServer();
  const { accepted } = await call(own(await newOtherIdentity(kind)));
  expect(() => prove(accepted, { protocol: 'shoal/1' })).toThrow(
    expect.objectContaining({ name: 'PinningError', code: 'WRONG_KEY_KIND' }),
  );
});

it('takes who has gone for nobody', async () => {
  const call = await laxServer();
  const { accepted } = await call(own(self));
  accepted.destroy();
  expect(() => prove(accepted, { protocol: 'shoal/1' })).toThrow(
    expect.objectContaining({ name: 'PinningError', code: 'NO_CERTIFICATE' }),
  );
});
