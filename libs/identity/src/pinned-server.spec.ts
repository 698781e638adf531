import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { PinnedLab, readToEnd } from '../../../test/support/pinned-lab.js';
import { newOtherIdentity, newTlsIdentity } from '../../../test/support/tls-identity.js';
import type { TlsIdentity } from './tls-options.js';

const own = (identity: TlsIdentity) => ({ key: identity.keyPem, cert: identity.certificatePem });
/** The first byte of a record that says no. */
const ALERT = 0x15;
const PEER = { ALPNProtocols: ['shoal/1'] };

/** What a client gets that says something as soon as it can. */
async function tellAndRead(socket: TLSSocket): Promise<string> {
  socket.once('secureConnect', () => socket.write('let me in'));
  return await readToEnd(socket);
}

describe('a pinned server', () => {
  it('admits whoever proves an identity, and says which', async () => {
    await using lab = await PinnedLab.open({ protocol: 'shoal/1' });
    const caller = await newTlsIdentity();
    const socket = lab.callTls({ ...own(caller), ...PEER });
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    expect(greeting.toString()).toBe('hello');
    expect(lab.admitted.map(({ identity }) => identity)).toEqual([caller.identity]);
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect(socket.getCipher().standardName).toBe('TLS_AES_128_GCM_SHA256');
    socket.write('thanks');
    await lab.until(() => lab.received === 'thanks');
    expect(lab.refused).toEqual([]);
    expect(lab.pinned.unprovenCount).toBe(0);
  });

  it.each([
    ['no certificate', 'NO_CERTIFICATE', () => PEER],
    [
      'an RSA certificate',
      'NO_CERTIFICATE',
      async () => ({ ...PEER, ...own(await newOtherIdentity('RSA')) }),
    ],
    [
      'an ECDSA certificate',
      'NO_CERTIFICATE',
      async () => ({ ...PEER, ...own(await newOtherIdentity('ECDSA')) }),
    ],
    ['no protocol', 'WRONG_PROTOCOL', async () => own(await newTlsIdentity())],
    [
      'the other protocol',
      'HANDSHAKE_FAILED',
      async () => ({ ...own(await newTlsIdentity()), ALPNProtocols: ['shoal-tracker/1'] }),
    ],
    [
      'TLS 1.2',
      'HANDSHAKE_FAILED',
      async () => ({ ...PEER, ...own(await newTlsIdentity()), maxVersion: 'TLSv1.2' as const }),
    ],
  ])('refuses a client with %s', async (_, code, optionsOf) => {
    await using lab = await PinnedLab.open({ protocol: 'shoal/1' });
    expect(await tellAndRead(lab.callTls(await optionsOf()))).toBe('');
    await lab.until(() => lab.refused.length > 0 && lab.pinned.unprovenCount === 0);
    expect(lab.refused.map((error) => error.code)).toEqual([code]);
    expect([lab.admitted, lab.received]).toEqual([[], '']);
  });

  it.each([
    ['plain text', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a frame of the plain wire', '\0\0\0\x10\x01SHOL\0\x01'],
    ['garbage', Buffer.alloc(4_096, 0xa5).toString('latin1')],
    ['half a record and an end', '\x16\x03\x01\x02\0\x01'],
  ])('refuses %s with nothing but an alert', async (_, text) => {
    await using lab = await PinnedLab.open({ protocol: 'shoal/1' });
    const socket = await lab.callPlain();
    socket.end(Buffer.from(text, 'latin1'));
    const answer = await readToEnd(socket);
    expect(answer === '' || (answer.charCodeAt(0) === ALERT && answer.length === 7)).toBe(true);
    await lab.until(() => lab.refused.length > 0 && lab.pinned.unprovenCount === 0);
    expect(lab.refused.map((error) => error.code)).toEqual(['HANDSHAKE_FAILED']);
    expect([lab.admitted, lab.received]).toEqual([[], '']);
  });

  it('resumes no session', async () => {
    await using lab = await PinnedLab.open({ protocol: 'shoal/1' });
    const options = { ...own(await newTlsIdentity()), ...PEER };
    const first = lab.callTls(options);
    const [session] = (await once(first, 'session')) as [Buffer];
    const second = lab.callTls({ ...options, session });
    await once(second, 'data');
    expect(second.isSessionReused()).toBe(false);
    expect(new Set(lab.admitted.map(({ identity }) => identity)).size).toBe(1);
    // With the session of somebody else, and no certificate of one's own.
    expect(await tellAndRead(lab.callTls({ ...PEER, session }))).toBe('');
    await lab.until(() => lab.refused.length > 0);
    expect(lab.refused.map((error) => error.code)).toEqual(['NO_CERTIFICATE']);
    expect([lab.admitted.length, lab.received]).toEqual([2, '']);
  });

  it('ends a handshake that takes too long, however busy it looks', async () => {
    await using lab = await PinnedLab.open({ protocol: 'shoal/1', handshakeTimeoutMs: 150 });
    const silent = await lab.callPlain();
    const trickling = await lab.callPlain();
    trickling.write(Buffer.from('16030102000100', 'hex'));
    const drops = setInterval(() => trickling.write(Buffer.of(0)), 20);
    await Promise.all([readToEnd(silent), readToEnd(trickling)]);
    clearInterval(drops);
    await lab.until(() => lab.refused.length === 2 && lab.pinned.unprovenCount === 0);
    expect(lab.refused.map((error) => error.code)).toEqual(Array(2).fill('HANDSHAKE_TIMEOUT'));
  });

  it('evicts the oldest of those that have proven nothing', async () => {
    await using lab = await PinnedLab.open({ protocol: 'shoal/1', maxUnprovenCount: 2 });
    const member = lab.callTls({ ...own(await newTlsIdentity()), ...PEER });
    await once(member, 'data');
    const oldest = await lab.callPlain();
    const gone = readToEnd(oldest);
    const others: Socket[] = [];
    for (let count = 0; count < 2; count += 1) others.push(await lab.callPlain());
    expect(await gone).toBe('');
    expect(lab.pinned.unprovenCount).toBe(2);
    expect([...others, member].map((socket) => socket.closed)).toEqual([false, false, false]);
    // The next is let in, though all places are taken by others.
    const late = lab.callTls({ ...own(await newTlsIdentity()), ...PEER });
    await once(late, 'data');
    expect(lab.admitted).toHaveLength(2);
  });

  it('lets go of what it holds', async () => {
    const lab = await PinnedLab.open({ protocol: 'shoal/1' });
    const socket = await lab.callPlain();
    await lab[Symbol.asyncDispose]();
    expect(await readToEnd(socket)).toBe('');
    const again = createConnection(lab.endpoint);
    await expect(once(again, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
