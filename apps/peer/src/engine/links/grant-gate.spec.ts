import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parsePeerId, type Digest } from '#protocol';
import { PinnedLab } from '../../../../../test/support/pinned-lab.js';
import { rawFrames } from '../../../../../test/support/raw-frames.js';
import { RawPeer } from '../../../../../test/support/raw-peer.js';
import { sampleBytes } from '../../../../../test/support/sample-content.js';
import { dialAs, SecuredNetwork } from '../../../../../test/support/secured-network.js';
import { CHUNK_BYTES, SessionLab, type LabFile } from '../../../../../test/support/session-lab.js';
import { newTlsIdentity } from '../../../../../test/support/tls-identity.js';

const bytes = sampleBytes(3 * CHUNK_BYTES, 1);
const member = await newTlsIdentity();
const MEMBER_PEER = `${member.identity}-aaaa`;

let network: SecuredNetwork;
let lab: SessionLab;
let file: LabFile;
let digest: Digest;

beforeEach(async () => {
  network = await SecuredNetwork.open();
  network.restriction = { restricted: true };
  lab = await SessionLab.open({ network: network.access });
  file = await lab.share('secret.bin', bytes, { restricted: true });
  ({ digest } = file.manifest);
});

afterEach(async () => {
  await lab[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

async function meet(): Promise<RawPeer> {
  const peer = await dialAs(member, lab.endpoint, MEMBER_PEER);
  onTestFinished(() => peer[Symbol.asyncDispose]());
  peer.send(rawFrames.memberHello(MEMBER_PEER, await network.credentialOf(member.identity)));
  await peer.next('hello');
  return peer;
}

describe('a file that not every member may have', () => {
  it('is served to who shows a grant, whatever comes right behind it', async () => {
    const peer = await meet();
    const grant = await network.grantOf(member.identity, digest);
    const opened = rawFrames.grantedOpen(0, digest, { chunkCount: 3, grant });
    const request = rawFrames.request(0, 7, { chunk: 1, length: CHUNK_BYTES });
    peer.send(opened, rawFrames.bitfield(0, 'none'), request);
    expect(await peer.answerTo(7, CHUNK_BYTES)).toEqual(bytes.subarray(CHUNK_BYTES, -CHUNK_BYTES));
  });

  it.each([
    ['nothing', () => Promise.resolve(undefined)],
    ['the grant of another', () => network.grantOf(lab.identity, digest)],
    ['one that is over', () => network.grantOf(member.identity, digest, { nowMs: 1e12 })],
    ['its membership', () => network.credentialOf(member.identity)],
    [
      'the grant of another file',
      () => network.grantOf(member.identity, `b3:${'0'.repeat(64)}` as Digest),
    ],
  ])('is not opened, nor described, for who shows %s', async (_what, make) => {
    const peer = await meet();
    const grant = await make();
    const request = rawFrames.request(0, 7, { chunk: 1, length: CHUNK_BYTES });
    peer.send(
      grant === undefined
        ? rawFrames.open(0, digest, 3)
        : rawFrames.grantedOpen(0, digest, { chunkCount: 3, grant }),
      rawFrames.bitfield(0, 'none'),
      request,
    );
    expect(await peer.next()).toMatchObject({ type: 'close', code: 'NOT_ALLOWED' });
    expect(await peer.next()).toMatchObject({ type: 'reject', id: 7, code: 'UNKNOWN_FILE' });
  });

  it('is served no longer when it is restricted while it is being served', async () => {
    lab.session.grants?.registered(digest, { restricted: false });
    const peer = await meet();
    peer.send(rawFrames.open(0, digest, 3), rawFrames.bitfield(0, 'none'));
    const ask = (id: number) => rawFrames.request(0, id, { chunk: 1, length: 9 });
    peer.send(ask(1));
    expect(await peer.answerTo(1, 9)).toEqual(bytes.subarray(CHUNK_BYTES, CHUNK_BYTES + 9));
    lab.session.grants?.registered(digest, { restricted: true });
    peer.send(ask(2));
    expect(await peer.answerTo(2, 9)).toBe('NOT_ALLOWED');
  });

  it('lets nobody make us keep much while a grant is being checked', async () => {
    const peer = await meet();
    const grant = await network.grantOf(member.identity, digest);
    const opened = rawFrames.grantedOpen(0, digest, { chunkCount: 3, grant });
    const ask = rawFrames.request(0, 7, { chunk: 1, length: 9 });
    peer.send(opened, ...Array.from({ length: 3_000 }, () => ask));
    expect(await peer.ended()).toBe('TOO_MANY_REQUESTS');
  });
});

describe('who lacks a file that not every member may have', () => {
  it('shows the grant that the tracker gave', async () => {
    await using other = await SessionLab.open({ network: network.access });
    other.session.grants?.located(digest, await network.grantOf(other.identity, digest));
    const report = await other.download(file.manifest, [lab]);
    expect(report.bytesFromPeers).toEqual({ [lab.peerId]: bytes.length });
    expect(other.session.grants?.memoryOf(digest)).toEqual({ restricted: true });
  });

  it('asks the tracker for it when it is told that it needs one', async () => {
    await using other = await SessionLab.open({ network: network.access });
    network.locate = async (asker) => ({
      file: { digest },
      grant: await network.grantOf(asker, digest),
      locations: [{ peerId: lab.peerId, endpoints: [lab.endpoint], complete: true }],
    });
    const report = await other.download(file.manifest, [lab]);
    expect(report.bytesFromPeers).toEqual({ [lab.peerId]: bytes.length });
  });

  it('takes it from who shows none, and gives it nothing', async () => {
    await using other = await SessionLab.open({ network: network.access });
    const credential = await network.credentialOf(member.identity);
    const grant = await network.grantOf(other.identity, digest);
    const refusals: unknown[] = [];
    await using giver = await PinnedLab.open({
      protocol: 'shoal/1',
      own: member,
      admit: ({ socket }) => void serve(new RawPeer(socket, MEMBER_PEER)),
    });
    const serve = async (peer: RawPeer) => {
      onTestFinished(() => peer[Symbol.asyncDispose]());
      const opened = rawFrames.open(0, digest, 3);
      peer.send(rawFrames.memberHello(MEMBER_PEER, credential), opened);
      peer.send(rawFrames.bitfield(0, Buffer.of(0b11000000)), rawFrames.unchoke());
      for (let givenCount = 0; givenCount < 2; givenCount += 1) {
        const { id, chunk } = await peer.next('request');
        const start = chunk! * CHUNK_BYTES;
        for (let offset = 0; offset < CHUNK_BYTES; offset += CHUNK_BYTES / 2) {
          const part = bytes.subarray(start + offset, start + offset + CHUNK_BYTES / 2);
          peer.send(rawFrames.data(id!, offset, part));
        }
      }
      peer.send(rawFrames.request(0, 7, { chunk: 0, length: 9 }));
      refusals.push(await peer.answerTo(7, 9));
      peer.socket.destroy();
    };
    other.session.grants?.located(digest, grant);
    const from = [{ peerId: parsePeerId(MEMBER_PEER), endpoint: giver.endpoint }, lab];
    const report = await other.download(file.manifest, from);
    expect(report.sizeBytes).toBe(bytes.length);
    expect(refusals).toEqual(['NOT_ALLOWED']);
  });

  it('does not believe that everybody may have it of who gives wrong bytes', async () => {
    await using other = await SessionLab.open({ network: network.access });
    const { grants } = other.session;
    const credential = await network.credentialOf(member.identity);
    const serve = async (peer: RawPeer) => {
      onTestFinished(() => peer[Symbol.asyncDispose]());
      const opened = rawFrames.open(0, digest, 3);
      peer.send(rawFrames.memberHello(MEMBER_PEER, credential), opened);
      peer.send(rawFrames.bitfield(0, Buffer.of(0b11000000)), rawFrames.unchoke());
      const { id } = await peer.next('request');
      grants?.forget(digest); // nobody has said who may have it
      const part = Buffer.alloc(CHUNK_BYTES / 2);
      peer.send(rawFrames.data(id!, 0, part), rawFrames.data(id!, part.length, part));
      await other.event('peerStruck');
      peer.socket.destroy();
    };
    await using giver = await PinnedLab.open({
      protocol: 'shoal/1',
      own: member,
      admit: ({ socket }) => void serve(new RawPeer(socket, MEMBER_PEER)),
    });
    const from = [{ peerId: parsePeerId(MEMBER_PEER), endpoint: giver.endpoint }];
    void other.download(file.manifest, from).catch(() => undefined); // it ends with the session
    await other.event('peerStruck');
    expect(grants?.demands(digest)).toBe(true);
  });
});
