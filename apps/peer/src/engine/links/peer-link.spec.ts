import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rawFrame, rawFrames } from '../../../../../test/support/raw-frames.js';
import { RawPeer, rawPeerId } from '../../../../../test/support/raw-peer.js';
import { leechFrom } from '../../../../../test/support/raw-swarm.js';
import { sampleBytes } from '../../../../../test/support/sample-content.js';
import { CHUNK_BYTES, SessionLab, type LabFile } from '../../../../../test/support/session-lab.js';

const UNKNOWN_DIGEST = `b3:${'7'.repeat(64)}`;

let lab: SessionLab;
let file: LabFile;
let peer: RawPeer;

beforeEach(async () => {
  lab = await SessionLab.open();
  file = await lab.share('shared.bin', sampleBytes(11 * CHUNK_BYTES, 1));
  peer = await RawPeer.meet(lab.endpoint, rawPeerId('b'));
});

afterEach(async () => {
  await peer[Symbol.asyncDispose]();
  await lab[Symbol.asyncDispose]();
});

const open = (number: number) =>
  rawFrames.open(number, file.manifest.digest, file.manifest.chunkCount);

describe('opening a file', () => {
  it('is answered by an open and, at once, a bitfield', async () => {
    peer.send(open(41));
    const { digest, chunkCount } = file.manifest;
    expect(await peer.next()).toMatchObject({ type: 'open', file: 0, digest, chunkCount });
    expect(await peer.next()).toMatchObject({ type: 'bitfield', file: 0, kind: 1 });
  });

  it('is refused when nobody knows the digest, and may be tried again', async () => {
    peer.send(rawFrames.open(5, UNKNOWN_DIGEST, 3), rawFrames.bitfield(5, 'none'));
    const refusal = { type: 'close', numberedBy: 1, file: 5, code: 'UNKNOWN_FILE' };
    expect(await peer.next()).toMatchObject(refusal);
    peer.send(rawFrames.have(5, 9_999), rawFrames.suggest(5, 1), rawFrames.close(0, 5, 'OK'));
    peer.send(rawFrames.close(1, 5, 'OK'), rawFrames.open(5, UNKNOWN_DIGEST, 3));
    expect(await peer.next()).toMatchObject(refusal);
  });

  it('is refused the second time, under another number', async () => {
    peer.send(open(1), open(2));
    expect(await peer.next('close')).toMatchObject({
      numberedBy: 1,
      file: 2,
      code: 'UNKNOWN_FILE',
    });
  });

  it('works again after a close, though requests are still under way', async () => {
    peer.send(open(1), rawFrames.bitfield(1, 'none'));
    await peer.next('unchoke');
    peer.send(rawFrames.request(1, 1, { chunk: 0, length: CHUNK_BYTES }));
    peer.send(rawFrames.close(0, 1, 'OK'), open(2), rawFrames.bitfield(2, 'none'));
    expect(await peer.next('close')).toMatchObject({ numberedBy: 0, file: 0 });
    expect(await peer.next('open')).toMatchObject({ file: 1 });
    await peer.next('unchoke');
    peer.send(rawFrames.request(2, 2, { chunk: 1, length: 3 }));
    const [answer] = (await peer.until(({ id }) => id === 2)).slice(-1);
    expect(answer!.bytes).toEqual(file.bytes.subarray(CHUNK_BYTES, CHUNK_BYTES + 3));
  });

  it('ends for both when the session takes the file back', async () => {
    peer.send(open(1), rawFrames.bitfield(1, 'none'));
    await peer.next('unchoke');
    lab.session.removeTransfer(file.transfer, { code: 'OK', completed: true });
    expect(await peer.next('close')).toMatchObject({ numberedBy: 0, file: 0, code: 'OK' });
    peer.send(rawFrames.request(1, 1, { chunk: 0, length: 1 }));
    expect(await peer.answerTo(1, 1)).toBe('UNKNOWN_FILE');
  });
});

describe('a connection ends', () => {
  it.each([
    ['when a number is bound twice', () => [open(1), open(1)], 'UNEXPECTED_FRAME'],
    [
      'when the chunk count is not the file’s',
      () => [rawFrames.open(1, file.manifest.digest, 12)],
      'OUT_OF_RANGE',
    ],
    [
      'at a second bitfield',
      () => [open(1), rawFrames.bitfield(1, 'none'), rawFrames.bitfield(1, 'none')],
      'UNEXPECTED_FRAME',
    ],
    ['at a have before the bitfield', () => [open(1), rawFrames.have(1, 0)], 'UNEXPECTED_FRAME'],
    ['at a suggest before it', () => [open(1), rawFrames.suggest(1, 0)], 'UNEXPECTED_FRAME'],
    [
      'at a bitfield of the wrong length',
      () => [open(1), rawFrames.bitfield(1, Buffer.alloc(3))],
      'MALFORMED_FRAME',
    ],
    [
      'at a spare bit that is set',
      () => [open(1), rawFrames.bitfield(1, Buffer.of(0, 0x01))],
      'MALFORMED_FRAME',
    ],
    [
      'at a have beyond the file',
      () => [open(1), rawFrames.bitfield(1, 'none'), rawFrames.have(1, 2, 11)],
      'OUT_OF_RANGE',
    ],
    [
      'at a suggest beyond the file',
      () => [open(1), rawFrames.bitfield(1, 'none'), rawFrames.suggest(1, 11)],
      'OUT_OF_RANGE',
    ],
    [
      'at data nobody asked for',
      () => [open(1), rawFrames.data(0, 0, Buffer.of(1))],
      'UNEXPECTED_FRAME',
    ],
    [
      'at a reject nobody asked for',
      () => [open(1), rawFrames.reject(0, 'CHOKED')],
      'UNEXPECTED_FRAME',
    ],
  ])('%s', async (_when, frames, code) => {
    peer.send(...frames());
    expect(await peer.ended()).toBe(code);
    expect((await lab.event('connectionFailed')).peerId).toBe(peer.peerId);
  });

  it('and takes nothing else with it', async () => {
    await using other = await leechFrom(lab.endpoint, rawPeerId('c'), file.manifest);
    peer.send(open(1), rawFrames.data(0, 0, Buffer.of(1)));
    await peer.ended();
    other.send(rawFrames.request(0, 1, { chunk: 0, length: 5 }));
    expect(await other.answerTo(1, 5)).toEqual(file.bytes.subarray(0, 5));
  });
});

describe('suggestions', () => {
  it('are different for each of two leechers, and only as many as they can follow', async () => {
    peer.send(open(0), rawFrames.bitfield(0, 'none'));
    await using other = await leechFrom(lab.endpoint, rawPeerId('c'), file.manifest);
    other.send(rawFrames.request(0, 1, { chunk: 0, length: 1 }), rawFrame('keepalive'));
    peer.send(rawFrames.request(0, 1, { chunk: 0, length: 1 }), rawFrame('keepalive'));
    const suggested = async (end: RawPeer) => {
      const frames = await end.until(({ type }) => type === 'data');
      return frames.flatMap(({ type, chunk }) => (type === 'suggest' ? [chunk!] : []));
    };
    const first = (await suggested(peer)).slice(0, 3);
    expect(first.length).toBe(3);
    expect(new Set(first).size).toBe(first.length);
    await suggested(other);
  });
});
