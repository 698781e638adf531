import { expect, it } from 'vitest';
import { parsePeerId } from '#protocol';
import { eventually } from '../../../../../test/support/eventually.js';
import { rawFrames } from '../../../../../test/support/raw-frames.js';
import { RawListener, RawPeer, rawPeerId } from '../../../../../test/support/raw-peer.js';
import { leechFrom } from '../../../../../test/support/raw-swarm.js';
import { sampleBytes } from '../../../../../test/support/sample-content.js';
import {
  CHUNK_BYTES,
  closedEndpoint,
  SessionLab,
} from '../../../../../test/support/session-lab.js';

const bytes = sampleBytes(3 * CHUNK_BYTES, 1);
/** Smaller, and larger, than every peer id there is. */
const SMALL = rawPeerId('2', '2222');
const LARGE = rawPeerId('z', 'zzzz');

it.each([
  ['ours, when the other end is the larger', LARGE, 'theirs'],
  ['theirs, when the other end is the smaller', SMALL, 'ours'],
])('keeps one of two connections: %s', async (_which, peerId, refused) => {
  await using lab = await SessionLab.open();
  await using listener = await RawListener.listen(peerId);
  const { transfer, manifest } = await lab.share('shared.bin', bytes);
  lab.session.pool.want(transfer, {
    peerId: parsePeerId(peerId),
    endpoints: [listener.endpoint],
  });
  const ours = await listener.accept();
  await ours.next('hello');
  // Both have dialled before either has heard of it.
  await using theirs = await RawPeer.meet(lab.endpoint, peerId);
  ours.send(rawFrames.hello(peerId));
  const [kept, gone] = refused === 'theirs' ? [ours, theirs] : [theirs, ours];
  expect(await gone.ended()).toBe('DUPLICATE_CONNECTION');
  expect((await kept.next('open')).digest).toBe(manifest.digest);
});

it('lets a peer replace the connection that it has given up', async () => {
  await using lab = await SessionLab.open();
  const { manifest } = await lab.share('shared.bin', bytes);
  await using old = await leechFrom(lab.endpoint, SMALL, manifest);
  await using fresh = await RawPeer.meet(lab.endpoint, SMALL);
  expect(await old.ended()).toBe('DUPLICATE_CONNECTION');
  expect(await fresh.next()).toMatchObject({ type: 'open', digest: manifest.digest });
  fresh.send(rawFrames.open(0, manifest.digest, 3), rawFrames.bitfield(0, 'none'));
  await fresh.next('unchoke');
  fresh.send(rawFrames.request(0, 0, { chunk: 2, length: 9 }));
  expect(await fresh.answerTo(0, 9)).toEqual(bytes.subarray(2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 9));
});

it('opens nothing for a transfer that ended while its peer was being dialled', async () => {
  await using lab = await SessionLab.open();
  await using listener = await RawListener.listen(LARGE);
  const { transfer, manifest } = await lab.share('shared.bin', bytes);
  const location = { peerId: parsePeerId(LARGE), endpoints: [listener.endpoint] };
  lab.session.pool.want(transfer, location);
  const peer = await listener.accept();
  lab.session.removeTransfer(transfer, { code: 'OK', completed: true });
  await peer.next('hello');
  peer.send(rawFrames.hello(LARGE), rawFrames.open(0, manifest.digest, 3));
  expect(await peer.next()).toMatchObject({ type: 'close', numberedBy: 1, code: 'UNKNOWN_FILE' });
});

it('remembers whom it could not reach', async () => {
  await using lab = await SessionLab.open();
  const { transfer } = await lab.share('shared.bin', bytes);
  const peerId = parsePeerId(LARGE);
  const { pool } = lab.session;
  pool.want(transfer, { peerId, endpoints: [await closedEndpoint()] });
  await eventually(() => {
    expect(pool.isGone(peerId, transfer)).toBe(true);
  });
  pool.sweep();
  expect(pool.isGone(peerId, transfer)).toBe(true);
});

it('closes everything at once: accepted, dialled, not yet met, and not reading', async () => {
  const lab = await SessionLab.open();
  await using listener = await RawListener.listen(LARGE);
  const { transfer, manifest } = await lab.share('shared.bin', bytes);
  const endpoints = [listener.endpoint];
  lab.session.pool.want(transfer, { peerId: parsePeerId(LARGE), endpoints });
  const dialled = await listener.meet();
  lab.session.pool.want(transfer, { peerId: parsePeerId(rawPeerId('y')), endpoints });
  const unanswered = await listener.accept();
  await unanswered.next('hello');
  await using accepted = await leechFrom(lab.endpoint, SMALL, manifest);
  await using deaf = await leechFrom(lab.endpoint, rawPeerId('3'), manifest);
  deaf.stopReading();
  for (let id = 0; id < 200; id += 1) {
    deaf.send(rawFrames.request(0, id, { chunk: id % 3, length: CHUNK_BYTES }));
  }
  await using silent = await RawPeer.dial(lab.endpoint, rawPeerId('4'));
  await lab[Symbol.asyncDispose]();
  expect(await dialled.ended()).toBe('SHUTTING_DOWN');
  expect(await accepted.ended()).toBe('SHUTTING_DOWN');
  await unanswered.ended();
  await silent.ended();
}, 10_000);
