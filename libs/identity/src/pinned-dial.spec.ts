import { once } from 'node:events';
import { createServer as createPlainServer, type AddressInfo, type Server } from 'node:net';
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Endpoint } from '#protocol';
import { PinnedLab } from '../../../test/support/pinned-lab.js';
import { newOtherIdentity, newTlsIdentity } from '../../../test/support/tls-identity.js';
import { dialPinned } from './pinned-dial.js';
import { createDialContext, type TlsIdentity } from './tls-options.js';

const self = await newTlsIdentity();
const stranger = await newTlsIdentity();
const dialOptions = { context: createDialContext(self), protocol: 'shoal/1' } as const;
const { signal } = new AbortController();

/** A server that a test has made by hand. Closes with the test. */
async function listening(server: Server): Promise<Endpoint> {
  onTestFinished(() => void server.close());
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** A TLS server by hand; `heard` is all that clients have told it. */
async function otherServer(
  identity: TlsIdentity,
  options: TlsOptions = { ALPNProtocols: ['shoal/1'] },
): Promise<{ endpoint: Endpoint; heard: () => string }> {
  let heard = '';
  const server = createServer({
    key: identity.keyPem,
    cert: identity.certificatePem,
    ...options,
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => undefined); // 'close' follows
    socket.on('data', (bytes: Buffer) => (heard += bytes.toString()));
    socket.write('greetings');
  });
  return { endpoint: await listening(server), heard: () => heard };
}

/** Dials with a reader that notes whatever it gets, in one buffer of 16 bytes. */
function dial(endpoint: Endpoint, expected = stranger.identity) {
  const buffer = Buffer.alloc(16);
  const read: string[] = [];
  let wake: () => void = () => undefined;
  const callback = (lengthBytes: number) => {
    read.push(buffer.toString('latin1', 0, lengthBytes));
    wake();
    return true;
  };
  /** Resolves when all of `text` has been read. */
  const hasRead = async (text: string) => {
    while (read.join('') !== text) await new Promise<void>((resolve) => (wake = resolve));
  };
  const options = { ...dialOptions, endpoint, expected, onread: { buffer, callback } };
  return { read, hasRead, connecting: dialPinned(options, { signal }) };
}

describe('dialPinned', () => {
  it('finds whom it expects, and is found to be who it is', async () => {
    await using lab = await PinnedLab.open({ protocol: 'shoal/1' });
    const { hasRead, connecting } = dial(lab.endpoint, lab.self.identity);
    const proven = await connecting;
    expect(proven.identity).toBe(lab.self.identity);
    proven.socket.write('thanks');
    await lab.until(() => lab.received === 'thanks');
    expect(lab.admitted.map(({ identity }) => identity)).toEqual([self.identity]);
    await hasRead('hello');
    proven.socket.destroy();
  });

  it('reads into one buffer', async () => {
    await using lab = await PinnedLab.open({ protocol: 'shoal/1' });
    const { read, hasRead, connecting } = dial(lab.endpoint, lab.self.identity);
    const { socket } = await connecting;
    await lab.until(() => lab.admitted.length === 1);
    const long = '0123456789'.repeat(20);
    lab.admitted[0]!.socket.write(long);
    await hasRead(`hello${long}`);
    expect(Math.max(...read.map((text) => text.length))).toBeLessThanOrEqual(16);
    socket.destroy();
  });

  it('tells nothing to, and reads nothing from, whoever is somebody else', async () => {
    const server = await otherServer(stranger);
    const expected = (await newTlsIdentity()).identity;
    const { read, connecting } = dial(server.endpoint, expected);
    await expect(connecting).rejects.toMatchObject({ code: 'WRONG_IDENTITY' });
    expect([read, server.heard()]).toEqual([[], '']);
  });

  it.each(['RSA', 'ECDSA'] as const)('refuses a server with an %s key', async (kind) => {
    const server = await otherServer(await newOtherIdentity(kind));
    const { read, connecting } = dial(server.endpoint);
    await expect(connecting).rejects.toMatchObject({ code: 'HANDSHAKE_FAILED' });
    expect(read).toEqual([]);
  });

  it.each([
    ['TLS 1.2', { maxVersion: 'TLSv1.2', ALPNProtocols: ['shoal/1'] }, 'HANDSHAKE_FAILED'],
    ['the other protocol', { ALPNProtocols: ['shoal-tracker/1'] }, 'HANDSHAKE_FAILED'],
    ['no protocol', {}, 'WRONG_PROTOCOL'],
  ] as [string, TlsOptions, string][])('refuses a server with %s', async (_, options, code) => {
    const server = await otherServer(stranger, options);
    const { read, connecting } = dial(server.endpoint);
    await expect(connecting).rejects.toMatchObject({ name: 'PinningError', code });
    expect([read, server.heard()]).toEqual([[], '']);
  });

  it('refuses a server that does not encrypt', async () => {
    let heard = '';
    const server = createPlainServer((socket) => {
      socket.on('error', () => undefined); // 'close' follows
      socket.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')));
      socket.end('SSH-2.0-other\r\n');
    });
    const { read, connecting } = dial(await listening(server));
    await expect(connecting).rejects.toMatchObject({ code: 'HANDSHAKE_FAILED' });
    expect(read).toEqual([]);
    // What it has heard, if anything, is a handshake's record.
    expect(heard === '' || heard.charCodeAt(0) === 0x16).toBe(true);
  });

  it('cannot show a certificate without its key', () => {
    const stolen = { keyPem: self.keyPem, certificatePem: stranger.certificatePem };
    expect(() => createDialContext(stolen)).toThrow(
      expect.objectContaining({ code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' }),
    );
  });

  it('ends with the time that it has', async () => {
    const server = createPlainServer((socket) => {
      socket.on('error', () => undefined); // 'close' follows
      socket.resume();
    });
    const endpoint = await listening(server);
    const silent = { ...dialOptions, endpoint, expected: stranger.identity, timeoutMs: 100 };
    await expect(dialPinned(silent, { signal })).rejects.toMatchObject({
      code: 'HANDSHAKE_TIMEOUT',
    });
  });

  it('ends with its signal', async () => {
    const controller = new AbortController();
    const server = createPlainServer((socket) => {
      socket.on('error', () => undefined); // 'close' follows
      socket.once('data', () => controller.abort(new Error('enough')));
    });
    const endpoint = await listening(server);
    const options = { ...dialOptions, endpoint, expected: stranger.identity };
    await expect(dialPinned(options, controller)).rejects.toThrow('enough');
    await expect(dialPinned(options, controller)).rejects.toThrow('enough');
  });

  it('says what the system says when nobody is there', async () => {
    const server = createPlainServer();
    const endpoint = await listening(server);
    await new Promise((closed) => server.close(closed));
    await expect(dial(endpoint).connecting).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
