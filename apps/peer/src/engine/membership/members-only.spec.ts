import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { issueCredential, issuerKeyOf, newPeerId } from '#identity';
import { parsePeerId, type Identity } from '#protocol';
import { eventually } from '../../../../../test/support/eventually.js';
import { PinnedLab, readToEnd } from '../../../../../test/support/pinned-lab.js';
import { rawFrames } from '../../../../../test/support/raw-frames.js';
import { RawPeer } from '../../../../../test/support/raw-peer.js';
import { sampleBytes } from '../../../../../test/support/sample-content.js';
import { dialAs, SecuredNetwork } from '../../../../../test/support/secured-network.js';
import { CHUNK_BYTES, SessionLab } from '../../../../../test/support/session-lab.js';
import { newTlsIdentity, type NamedTlsIdentity } from '../../../../../test/support/tls-identity.js';

const MINUTE_MS = 60_000;
const bytes = sampleBytes(3 * CHUNK_BYTES, 1);
const member = await newTlsIdentity();
const MEMBER_PEER = `${member.identity}-aaaa`;

let network: SecuredNetwork;
let lab: SessionLab;

beforeEach(async () => {
  network = await SecuredNetwork.open();
  lab = await openLab();
});

afterEach(async () => {
  await lab[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

async function openLab(): Promise<SessionLab> {
  return SessionLab.open({ network: network.access });
}

/** By hand, as a member or as somebody else; without a word. */
async function call(who: NamedTlsIdentity = member): Promise<RawPeer> {
  const peer = await dialAs(who, lab.endpoint);
  onTestFinished(() => peer[Symbol.asyncDispose]());
  return peer;
}

/** The hellos are exchanged. */
async function meet(): Promise<RawPeer> {
  const peer = await call();
  peer.send(rawFrames.memberHello(MEMBER_PEER, await network.credentialOf(member.identity)));
  await peer.next('hello');
  return peer;
}

describe('between members', () => {
  it('a file goes from one to the other', async () => {
    await using other = await openLab();
    const { manifest } = await lab.share('shared.bin', bytes);
    const report = await other.download(manifest, [lab]);
    expect(report.bytesFromPeers).toEqual({ [lab.peerId]: bytes.length });
  });

  it('who cannot be connected to uploads over connections that it has opened', async () => {
    await using other = await openLab();
    const { manifest, transfer } = await lab.share('shared.bin', bytes);
    const done = other.download(manifest, []);
    await eventually(() => expect(other.session.transfers.has(manifest.digest)).toBe(true));
    const { peerId, endpoint } = other;
    lab.session.pool.want(transfer, { peerId, endpoints: [endpoint] });
    const report = await done;
    expect(report.bytesFromPeers).toEqual({ [lab.peerId]: bytes.length });
  });

  it('who accepts shows its membership, too', async () => {
    const credential = await network.credentialOf(lab.identity);
    network.news = () => Promise.resolve({ credential });
    const peer = await call();
    peer.send(rawFrames.memberHello(MEMBER_PEER, await network.credentialOf(member.identity)));
    const { payload } = await peer.next('hello');
    expect(payload.toString('latin1')).toContain(credential);
  });

  it('waits until the tracker has signed its own membership', async () => {
    let sign: () => void = () => undefined;
    const signed = new Promise<void>((resolve) => (sign = resolve));
    const give = network.news;
    network.news = async (...of) => {
      await signed;
      return give(...of);
    };
    await using other = await openLab();
    const { manifest } = await other.share('shared.bin', bytes);
    const done = lab.download(manifest, [other]);
    const peer = await dialAs(member, other.endpoint);
    onTestFinished(() => peer[Symbol.asyncDispose]());
    peer.send(rawFrames.memberHello(MEMBER_PEER, await network.credentialOf(member.identity)));
    sign();
    await peer.next('hello');
    await done;
  });

  it('hears what the other end says right behind its hello', async () => {
    const { manifest, transfer } = await lab.share('shared.bin', bytes);
    await using other = await PinnedLab.open({
      protocol: 'shoal/1',
      own: member,
      admit: ({ socket }) => {
        const peer = new RawPeer(socket, MEMBER_PEER);
        void network.credentialOf(member.identity).then((credential) => {
          const opened = rawFrames.open(0, manifest.digest, manifest.chunkCount);
          const hello = rawFrames.memberHello(MEMBER_PEER, credential);
          const request = rawFrames.request(0, 7, { chunk: 1, length: CHUNK_BYTES });
          peer.send(hello, opened, rawFrames.bitfield(0, 'none'), request);
        });
        void peer.answerTo(7, CHUNK_BYTES).then((answer) => {
          socket.destroy();
          answered(answer);
        });
      },
    });
    let answered: (bytes: Buffer | string) => void = () => undefined;
    const answer = new Promise<Buffer | string>((resolve) => (answered = resolve));
    const location = { peerId: parsePeerId(MEMBER_PEER), endpoints: [other.endpoint] };
    lab.session.pool.want(transfer, location);
    expect(await answer).toEqual(bytes.subarray(CHUNK_BYTES, 2 * CHUNK_BYTES));
  });

  it('a renewed membership is shown at once, and taken', async () => {
    const peer = await meet();
    const credential = await network.credentialOf(lab.identity, { lifetimeMs: 20 * MINUTE_MS });
    network.news = () => Promise.resolve({ credential });
    expect((await peer.next('0x80')).payload.toString('latin1')).toBe(credential);
    peer.send(rawFrames.credential(await network.credentialOf(member.identity)));
    peer.send(rawFrames.goodbye('OK'));
    expect(await peer.ended()).toBeUndefined();
  });
});

/** Signed by somebody who is no tracker of this network. */
function membershipBy(signer: NamedTlsIdentity): Promise<string> {
  const says = { identity: member.identity, role: 'admin', groups: [] } as const;
  return issueCredential(issuerKeyOf(signer.keyPem), says, { nowMs: Date.now() });
}

/** With another role than the one that was signed. */
function changed(credential: string): string {
  const [header = '', claims = '', signature = ''] = credential.split('.');
  const text = Buffer.from(claims, 'base64url').toString().replace('publisher', 'admin');
  return [header, Buffer.from(text).toString('base64url'), signature].join('.');
}

describe('who is no member', () => {
  const now = () => Date.now();
  it.each([
    ['the membership of another network', () => membershipBy(member)],
    ['one that was changed', async () => changed(await network.credentialOf(member.identity))],
    ['one that is over', () => network.credentialOf(member.identity, { nowMs: now() - 1e6 })],
    ['that of another', () => network.credentialOf(lab.identity)],
    ['nothing that is one', () => Promise.resolve('a.b.c')],
    ['an empty one', () => Promise.resolve('')],
  ])('is told nothing but goodbye when it shows %s', async (_what, make) => {
    const peer = await call();
    peer.send(rawFrames.memberHello(MEMBER_PEER, await make()));
    const frame = await peer.next();
    expect([frame.type, frame.code]).toEqual(['goodbye', 'NOT_AUTHORISED']);
    await peer.ended();
  });

  it('is told nothing but goodbye when it shows none at all', async () => {
    const peer = await call();
    peer.send(rawFrames.hello(MEMBER_PEER));
    const frame = await peer.next();
    expect([frame.type, frame.code]).toEqual(['goodbye', 'NOT_AUTHORISED']);
  });

  it('is heard no further when it asks at once', async () => {
    const { manifest } = await lab.share('shared.bin', bytes);
    const peer = await call();
    const opened = rawFrames.open(0, manifest.digest, manifest.chunkCount);
    const request = rawFrames.request(0, 7, { chunk: 1, length: CHUNK_BYTES });
    const hello = rawFrames.memberHello(MEMBER_PEER, 'a.b.c');
    peer.send(hello, opened, rawFrames.bitfield(0, 'none'), request);
    const frame = await peer.next();
    expect([frame.type, frame.code]).toEqual(['goodbye', 'NOT_AUTHORISED']);
    await expect(peer.next()).rejects.toThrow(/ended/);
  });

  it('cannot use what it has heard of a member', async () => {
    const thief = await newTlsIdentity();
    const credential = await network.credentialOf(member.identity);
    for (const peerId of [MEMBER_PEER, `${thief.identity}-aaaa`]) {
      const peer = await call(thief);
      peer.send(rawFrames.memberHello(peerId, credential));
      const code = peerId === MEMBER_PEER ? undefined : 'NOT_AUTHORISED';
      expect(await peer.ended()).toBe(code);
    }
  });

  it('cannot take the peer id of another member, who stays', async () => {
    const first = await meet();
    const second = await newTlsIdentity();
    const peer = await call(second);
    peer.send(rawFrames.memberHello(MEMBER_PEER, await network.credentialOf(second.identity)));
    await peer.ended();
    const credential = await network.credentialOf(lab.identity, { lifetimeMs: 20 * MINUTE_MS });
    network.news = () => Promise.resolve({ credential });
    await first.next('0x80');
  });

  it('gets no byte of ours in plain text, nor without a certificate', async () => {
    const plain = connect(lab.endpoint);
    onTestFinished(() => void plain.destroy());
    plain.on('error', () => undefined); // 'close' follows
    plain.write(rawFrames.memberHello(MEMBER_PEER, await network.credentialOf(member.identity)));
    expect(await readToEnd(plain)).toBe('');
  });

  it('is closed when it goes on renewing, or renews with what is nothing', async () => {
    const busy = await meet();
    const credential = await network.credentialOf(member.identity);
    busy.send(...Array.from({ length: 100 }, () => rawFrames.credential(credential)));
    expect(await busy.ended()).toBe('TOO_MANY_REQUESTS');
    const liar = await meet();
    liar.send(rawFrames.credential('a.b.c'));
    expect(await liar.ended()).toBe('NOT_AUTHORISED');
  });

  it('is closed at once when it was revoked, and does not come in again', async () => {
    const peer = await meet();
    const give = network.news;
    network.news = async (of: Identity, pattern) => {
      return { ...(await give(of, pattern)), revoked: [member.identity] };
    };
    expect(await peer.ended()).toBe('NOT_AUTHORISED');
    const again = await call();
    const credential = await network.credentialOf(member.identity, { nowMs: now() - MINUTE_MS });
    again.send(rawFrames.memberHello(MEMBER_PEER, credential));
    expect(await again.ended()).toBe('NOT_AUTHORISED');
  });
});

describe('who answers where a member is dialled', () => {
  it('is told nothing when it is another one', async () => {
    const { transfer } = await lab.share('shared.bin', bytes);
    await using other = await PinnedLab.open({ protocol: 'shoal/1' });
    const peerId = newPeerId(member.identity);
    lab.session.pool.want(transfer, { peerId, endpoints: [other.endpoint] });
    const { error } = await lab.event('connectionFailed');
    expect(error).toMatchObject({ name: 'PinningError', code: 'WRONG_IDENTITY' });
    expect(other.received).toBe('');
  });

  it('is told who we are, but is no source, when it is no member', async () => {
    const { transfer } = await lab.share('shared.bin', bytes);
    await using other = await PinnedLab.open({
      protocol: 'shoal/1',
      own: member,
      admit: ({ socket }) => {
        const peer = new RawPeer(socket, MEMBER_PEER);
        peer.send(rawFrames.hello(MEMBER_PEER));
      },
    });
    const location = { peerId: parsePeerId(MEMBER_PEER), endpoints: [other.endpoint] };
    lab.session.pool.want(transfer, location);
    const { error } = await lab.event('connectionFailed');
    expect(error).toMatchObject({ name: 'ProtocolError', code: 'NOT_AUTHORISED' });
    expect(transfer.remotes.size).toBe(0);
  });
});

describe('without a tracker', () => {
  it('members go on, and meet as before', async () => {
    await using other = await openLab();
    const { manifest } = await lab.share('shared.bin', bytes);
    await meet();
    await eventually(() => expect(other.session.announcer.trackerError).toBeUndefined());
    await network.goAway();
    await lab.event('trackerLost');
    const report = await other.download(manifest, [lab]);
    expect(report.bytesFromPeers).toEqual({ [lab.peerId]: bytes.length });
  });
});
