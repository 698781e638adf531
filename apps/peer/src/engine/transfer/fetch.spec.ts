import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePeerId, type Manifest } from '#protocol';
import { rawFrame, rawFrames } from '../../../../../test/support/raw-frames.js';
import { RawListener, rawPeerId } from '../../../../../test/support/raw-peer.js';
import { answers, RawSeeder, type RawAnswer } from '../../../../../test/support/raw-swarm.js';
import { sampleBytes } from '../../../../../test/support/sample-content.js';
import { CHUNK_BYTES, manifestOf, SessionLab } from '../../../../../test/support/session-lab.js';

const bytes = sampleBytes(6 * CHUNK_BYTES + 77, 3);
const HONEST = rawPeerId('h');
const HOSTILE = rawPeerId('x');

let lab: SessionLab;
let manifest: Manifest;

beforeEach(async () => {
  manifest = await manifestOf(bytes);
  lab = await SessionLab.open();
});

afterEach(async () => {
  await lab[Symbol.asyncDispose]();
});

const seeder = (peerId: string, answer: RawAnswer) =>
  RawSeeder.listen(peerId, { manifest, bytes }, answer);

/** Nothing is asked for any more, and all memory was given back. */
function expectAllRoom(): void {
  const { inflightBudget } = lab.session;
  expect(inflightBudget.tryTake(inflightBudget.maxBytes)).toBe(true);
  inflightBudget.release(inflightBudget.maxBytes);
}

async function expectDownloaded(): Promise<void> {
  expect(bytes.equals(await readFile(lab.file('download.bin')))).toBe(true);
  expectAllRoom();
}

describe('a download from one honest peer and', () => {
  it('one that sends wrong bytes: it is struck, then banned', async () => {
    await using hostile = await seeder(HOSTILE, answers.wrong);
    const downloading = lab.download(manifest, [hostile.location]);
    await lab.event('peerBanned');
    expect(await hostile.peers[0]!.ended()).toBe('BANNED');
    await using honest = await seeder(HONEST, answers.honest);
    lab.session.pool.want([...lab.session.transfers.values()][0]!, {
      peerId: parsePeerId(honest.peerId),
      endpoints: [honest.endpoint],
    });
    const report = await downloading;
    expect(report.chunksRejected).toBeGreaterThanOrEqual(3);
    expect(report.bytesFromPeers).toEqual({ [HONEST]: bytes.length });
    const named = lab.events.filter(({ type }) => type === 'peerStruck' || type === 'peerBanned');
    expect(named).toEqual([
      { type: 'peerStruck', peerId: HOSTILE, code: 'CHUNK_HASH_MISMATCH' },
      { type: 'peerStruck', peerId: HOSTILE, code: 'CHUNK_HASH_MISMATCH' },
      { type: 'peerBanned', peerId: HOSTILE, code: 'CHUNK_HASH_MISMATCH' },
    ]);
    await expectDownloaded();
  });

  it.each(['silent', 'refusing', 'vanishing'] as const)('one that is %s', async (fault) => {
    await using hostile = await seeder(HOSTILE, answers[fault]);
    await using honest = await seeder(HONEST, answers.honest);
    const report = await lab.download(manifest, [hostile.location, honest.location]);
    expect(report).toMatchObject({ chunksRejected: 0, bytesFromPeers: { [HONEST]: bytes.length } });
    await expectDownloaded();
  });

  it('no tracker, when the connection breaks: the peer is dialled again', async () => {
    let requestCount = 0;
    await using shaky = await seeder(HONEST, (peer, request, range) => {
      requestCount += 1;
      answers[requestCount === 2 ? 'vanishing' : 'honest'](peer, request, range);
    });
    await lab.download(manifest, [shaky.location]);
    expect(shaky.peers).toHaveLength(2);
    await expectDownloaded();
  });

  it('one that trickles', async () => {
    let isTrickling = true;
    await using hostile = await seeder(HOSTILE, (peer, { id, offset }, range) => {
      const trickle = (sent: number) => {
        if (!isTrickling || peer.socket.destroyed || sent >= range.length) return;
        peer.send(rawFrames.data(id!, offset! + sent, range.subarray(sent, sent + 1)));
        setTimeout(() => trickle(sent + 1), 20);
      };
      trickle(0);
    });
    await using honest = await seeder(HONEST, answers.honest);
    await lab.download(manifest, [hostile.location, honest.location]);
    isTrickling = false;
    await expectDownloaded();
  });

  it('one that chokes in the middle', async () => {
    let requestCount = 0;
    await using moody = await seeder(HOSTILE, (peer, request, range) => {
      requestCount += 1;
      if (requestCount !== 2) return answers.honest(peer, request, range);
      peer.send(rawFrame('choke'), rawFrames.data(request.id!, 0, range.subarray(0, 40)));
      peer.send(rawFrames.reject(request.id!, 'CHOKED'), rawFrame('unchoke'));
    });
    const report = await lab.download(manifest, [moody.location]);
    expect(report.bytesFromPeers).toEqual({ [HOSTILE]: bytes.length });
    await expectDownloaded();
  });
});

describe('a partial peer', () => {
  it('may unchoke before it has said what it has', async () => {
    await using listener = await RawListener.listen(HONEST);
    const location = { peerId: HONEST, endpoint: listener.endpoint };
    const stopping = new AbortController();
    const downloading = lab.download(manifest, [location], stopping.signal);
    const stopped = expect(downloading).rejects.toThrow('enough');
    const peer = await listener.meet();
    peer.send(rawFrames.open(0, manifest.digest, manifest.chunkCount), rawFrame('unchoke'));
    peer.send(rawFrames.bitfield(0, Buffer.of(0b0000_1000)));
    expect((await peer.next('request')).chunk).toBe(4);
    stopping.abort(new Error('enough'));
    await stopped;
  });

  it('is asked for what it has, and for what it gains', async () => {
    const held = Buffer.of(0b1010_0000);
    await using partial = await RawSeeder.listen(HONEST, { manifest, bytes, held }, answers.honest);
    const downloading = lab.download(manifest, [partial.location]);
    const { transfers } = lab.session;
    await lab.stored(manifest, 2);
    expect(new Set(partial.requests.map(({ chunk }) => chunk))).toEqual(new Set([0, 2]));
    partial.peers[0]!.send(rawFrames.have(0, 1, 3), rawFrames.have(0, 4), rawFrames.have(0, 5, 6));
    await downloading;
    expect(partial.requests).toHaveLength(7);
    expect(transfers.get(manifest.digest)?.held.isComplete).toBe(true);
    await expectDownloaded();
  });

  it('hears of what is gained before it has answered an open', async () => {
    await using slow = await RawListener.listen(rawPeerId('s'));
    const slowLocation = { peerId: slow.peerId, endpoint: slow.endpoint };
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await using honest = await seeder(HONEST, (peer, request, range) => {
      void released.then(() => answers.honest(peer, request, range));
    });
    const downloading = lab.download(manifest, [slowLocation, honest.location]);
    const other = await slow.meet();
    const { file } = await other.next('open');
    expect(await other.next('bitfield')).toMatchObject({ file, kind: 0 });
    release();
    const told = new Set<number>();
    await other.until(({ type, chunks }) => {
      if (type === 'have') for (const chunk of chunks!) told.add(chunk);
      return told.size === manifest.chunkCount;
    });
    await downloading;
  });
});

describe('a download that is stopped', () => {
  it('gives back all memory and goes on from what it has', async () => {
    let isGenerous = true;
    await using seeding = await seeder(HONEST, (peer, request, range) => {
      if (isGenerous) answers.honest(peer, request, range);
      if (seeding.requests.length === 3) isGenerous = false;
    });
    const stopping = new AbortController();
    const downloading = lab.download(manifest, [seeding.location], stopping.signal);
    const stopped = expect(downloading).rejects.toThrow('enough');
    await lab.stored(manifest, 3);
    stopping.abort(new Error('enough'));
    await stopped;
    expectAllRoom();
    isGenerous = true;
    const report = await lab.download(manifest, [seeding.location]);
    expect(report.bytesResumed).toBeGreaterThan(2 * CHUNK_BYTES);
    await expectDownloaded();
  });
});

it('breaks off with whoever answers out of order', async () => {
  await using confused = await seeder(HOSTILE, (peer, { id }, range) => {
    peer.send(rawFrames.data(id!, 1, range.subarray(1, 50)));
  });
  const stopping = new AbortController();
  const downloading = lab.download(manifest, [confused.location], stopping.signal);
  const stopped = expect(downloading).rejects.toThrow('enough');
  expect(await lab.event('connectionFailed')).toMatchObject({ peerId: HOSTILE });
  expect(await confused.peers[0]!.ended()).toBe('OUT_OF_RANGE');
  stopping.abort(new Error('enough'));
  await stopped;
  expectAllRoom();
});
