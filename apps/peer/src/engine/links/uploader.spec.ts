import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rawFrame, rawFrames } from '../../../../../test/support/raw-frames.js';
import { RawPeer, rawPeerId } from '../../../../../test/support/raw-peer.js';
import { leechFrom } from '../../../../../test/support/raw-swarm.js';
import { sampleBytes } from '../../../../../test/support/sample-content.js';
import { eventually } from '../../../../../test/support/eventually.js';
import { CHUNK_BYTES, SessionLab, type LabFile } from '../../../../../test/support/session-lab.js';

const THEM = rawPeerId('b');
const LAST_BYTES = 1_234;
const whole = (chunk: number) => ({ chunk, length: CHUNK_BYTES });

let lab: SessionLab;
let file: LabFile;

beforeEach(async () => {
  lab = await SessionLab.open();
  file = await lab.share('shared.bin', sampleBytes(5 * CHUNK_BYTES + LAST_BYTES, 1));
});

afterEach(async () => {
  await lab[Symbol.asyncDispose]();
});

const chunkOf = (index: number) =>
  file.bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
const leech = (end?: string) =>
  leechFrom(lab.endpoint, end === undefined ? THEM : rawPeerId('c', end), file.manifest);

describe('an upload', () => {
  it('is any range of any chunk, in any number at once', async () => {
    await using peer = await leech();
    peer.send(
      rawFrames.request(0, 7, whole(2)),
      rawFrames.request(0, 8, { chunk: 5, length: LAST_BYTES }),
      rawFrames.request(0, 9, { chunk: 0, offset: 140_000, length: 1 }),
      rawFrames.request(0, 9_999, { chunk: 1, offset: 5, length: 200_000 }),
    );
    expect(chunkOf(2).equals((await peer.answerTo(7, CHUNK_BYTES)) as Buffer)).toBe(true);
    expect(await peer.answerTo(8, LAST_BYTES)).toEqual(chunkOf(5));
    expect(await peer.answerTo(9, 1)).toEqual(chunkOf(0).subarray(140_000, 140_001));
    expect(await peer.answerTo(9_999, 200_000)).toEqual(chunkOf(1).subarray(5, 200_005));
  });

  it.each([
    ['beyond the chunk', { chunk: 0, offset: 1, length: CHUNK_BYTES }, 'OUT_OF_RANGE'],
    ['beyond the short last chunk', { chunk: 5, length: LAST_BYTES + 1 }, 'OUT_OF_RANGE'],
    ['of a chunk beyond the file', { chunk: 6, length: 1 }, 'CHUNK_NOT_HELD'],
  ])('is refused when it is %s', async (_what, range, code) => {
    await using peer = await leech();
    peer.send(rawFrames.request(0, 1, range), rawFrames.request(0, 2, { chunk: 0, length: 1 }));
    expect(await peer.answerTo(1, range.length)).toBe(code);
    expect(await peer.answerTo(2, 1)).toEqual(file.bytes.subarray(0, 1));
  });

  it('is refused for a number that is not bound', async () => {
    await using peer = await leech();
    peer.send(rawFrames.request(77, 1, whole(0)));
    expect(await peer.answerTo(1, CHUNK_BYTES)).toBe('UNKNOWN_FILE');
  });

  it('is refused to whoever is choked', async () => {
    await using peer = await RawPeer.meet(lab.endpoint, THEM);
    const { digest, chunkCount } = file.manifest;
    peer.send(rawFrames.open(0, digest, chunkCount), rawFrames.request(0, 1, whole(0)));
    expect(await peer.answerTo(1, CHUNK_BYTES)).toBe('CHOKED');
  });

  it('ends in all bytes or in one reject, when it is cancelled', async () => {
    await using peer = await leech();
    for (let id = 0; id < 100; id += 1) peer.send(rawFrames.request(0, id, whole(id % 5)));
    for (let id = 0; id < 100; id += 1) peer.send(rawFrames.cancel(id));
    peer.send(rawFrames.request(0, 100, { chunk: 0, length: 1 }));
    const received = new Map<number, number>();
    const rejected = new Map<number, string>();
    await peer.until(({ type, id, bytes, code }) => {
      if (type === 'reject') rejected.set(id!, code!);
      if (type === 'data') received.set(id!, (received.get(id!) ?? 0) + bytes!.length);
      return id === 100;
    });
    for (let id = 0; id < 100; id += 1) {
      const isWhole = received.get(id) === CHUNK_BYTES;
      expect([id, isWhole, rejected.get(id)]).toEqual([
        id,
        isWhole,
        isWhole ? undefined : 'CANCELLED',
      ]);
    }
    expect(rejected.size).toBeGreaterThan(0);
  });

  it('is refused when too many wait, and only then', async () => {
    await using peer = await leech();
    const count = 600;
    for (let id = 0; id < count; id += 1) {
      peer.send(rawFrames.request(0, id, { chunk: id % 5, length: 1 }));
    }
    const ends = await peer.until(
      (() => {
        let left = count;
        return () => (left -= 1) === 0;
      })(),
    );
    expect(new Set(ends.map(({ id }) => id)).size).toBe(count);
    const codes = new Set(ends.flatMap(({ code }) => code ?? []));
    expect([...codes].filter((code) => code !== 'TOO_MANY_REQUESTS')).toEqual([]);
  });

  it('stops when its file is closed', async () => {
    await using peer = await leech();
    peer.stopReading();
    for (let id = 0; id < 60; id += 1) peer.send(rawFrames.request(0, id, whole(id % 5)));
    peer.send(rawFrames.close(0, 0, 'OK'));
    peer.socket.resume();
    const frames = await peer.until(({ type }) => type === 'close');
    const left = await peer.until(({ id }) => id === 59);
    const rejects = [...frames, ...left].filter(({ type }) => type === 'reject');
    expect(new Set(rejects.map(({ code }) => code))).toEqual(new Set(['UNKNOWN_FILE']));
  });
});

describe('memory', () => {
  it('is bounded, whoever asks and does not read, and given back at the end', async () => {
    const { servingBudget } = lab.session;
    const peers = await Promise.all(['aaaa', 'bbbb', 'cccc'].map((end) => leech(end)));
    for (const peer of peers) {
      peer.stopReading();
      for (let id = 0; id < 500; id += 1) peer.send(rawFrames.request(0, id, whole(id % 5)));
    }
    // A well-behaved one is served all the same.
    await using reader = await leech();
    for (let id = 0; id < 50; id += 1) {
      reader.send(rawFrames.request(0, id, whole(id % 5)));
      expect(chunkOf(id % 5).equals((await reader.answerTo(id, CHUNK_BYTES)) as Buffer)).toBe(true);
    }
    for (const peer of peers) await peer[Symbol.asyncDispose]();
    await eventually(() => {
      expect(servingBudget.tryTake(servingBudget.maxBytes)).toBe(true);
    });
    servingBudget.release(servingBudget.maxBytes);
  });
});

describe('a source that fails', () => {
  it('is withdrawn, and everybody is told', async () => {
    await using peer = await leech();
    await using other = await leech('dddd');
    await writeFile(file.path, sampleBytes(file.bytes.length, 2));
    peer.send(rawFrames.request(0, 1, whole(0)));
    expect(await peer.answerTo(1, CHUNK_BYTES)).toBe('FILE_WITHDRAWN');
    expect((await other.next('close')).code).toBe('FILE_WITHDRAWN');
    expect(await lab.event('withdrawn')).toMatchObject({ names: ['shared.bin'] });
  });

  it('is the only one withdrawn when an equal file stands behind it', async () => {
    await lab.share('equal.bin', file.bytes);
    const peers = await Promise.all(['aaaa', 'bbbb', 'cccc', 'dddd'].map((end) => leech(end)));
    await writeFile(file.path, 'short');
    for (const peer of peers) {
      peer.send(rawFrames.request(0, 1, whole(3)), rawFrames.request(0, 2, whole(4)));
    }
    const [first] = await Promise.all(peers.map((peer) => peer.answerTo(1, CHUNK_BYTES)));
    expect(first).toBe('FILE_WITHDRAWN');
    await eventually(async () => {
      await using late = await leech('eeee');
      late.send(rawFrames.request(0, 1, whole(3)));
      expect(chunkOf(3).equals((await late.answerTo(1, CHUNK_BYTES)) as Buffer)).toBe(true);
    });
    expect(lab.events.filter(({ type }) => type === 'withdrawn')).toHaveLength(1);
    expect(lab.session.offers.of(file.transfer).map(({ name }) => name)).toEqual(['equal.bin']);
    for (const peer of peers) await peer[Symbol.asyncDispose]();
  });
});

it('closes what both ends have', async () => {
  await using peer = await RawPeer.meet(lab.endpoint, THEM);
  const { digest, chunkCount } = file.manifest;
  peer.send(rawFrames.open(3, digest, chunkCount), rawFrames.bitfield(3, 'all'));
  expect(await peer.next('close')).toMatchObject({ numberedBy: 0, code: 'OK' });
  peer.send(rawFrame('keepalive'), rawFrames.open(4, digest, chunkCount));
  expect(await peer.next()).toMatchObject({ type: 'open', digest });
});
