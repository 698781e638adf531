import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AbuseStage } from '../support/abuse-stage.js';
import { eventually } from '../support/eventually.js';
import { rawFrame, rawFrames, u32 } from '../support/raw-frames.js';
import { RawPeer, rawPeerId } from '../support/raw-peer.js';
import { leechFrom } from '../support/raw-swarm.js';
import { CHUNK_BYTES } from '../support/session-lab.js';
import { noise, Strangers, untilEnded, written } from '../support/strangers.js';

const CHUNK_COUNT = 24;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

const times = (count: number) => Array.from({ length: count });
const untilAborted = async (signal: AbortSignal) => {
  if (!signal.aborted) await once(signal, 'abort');
};

/** Another process for each number. */
function numberedPeerId(number: number): string {
  const end = [15, 10, 5, 0].map((shift) => BASE32[(number >>> shift) & 31]).join('');
  return rawPeerId('s', end);
}

let stage: AbuseStage;
let strangers: Strangers;
const open = () => rawFrames.open(0, stage.content.manifest.digest, CHUNK_COUNT);

beforeAll(async () => {
  stage = await AbuseStage.open();
  strangers = new Strangers(stage.endpoint);
});

afterEach(async () => {
  await strangers[Symbol.asyncDispose]();
  const { seeder } = await stage.memory();
  expect(seeder).toBeLessThan(1);
});

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

describe('a connection ends', () => {
  it('without a word to whoever says no valid hello', async () => {
    const hello = rawFrames.hello(rawPeerId('b'));
    const beginnings = [
      noise(64 * 1024),
      u32(0),
      u32(0xffff_ffff),
      rawFrames.hello(rawPeerId('b'), undefined, 2),
      rawFrames.hello(rawPeerId('b'), 'SHOALPX\0'),
      rawFrames.hello(rawPeerId('B')),
      rawFrames.data(0, 0, Buffer.of(1)),
      ...times(hello.length).map((_, cutAt) => hello.subarray(0, cutAt)),
    ];
    const strange = await Promise.all(
      beginnings.map(async (bytes) => {
        const peer = await RawPeer.dial(stage.endpoint, rawPeerId('b'));
        peer.send(bytes);
        return peer;
      }),
    );
    for (const peer of strange) {
      await expect(peer.next()).rejects.toThrow('it ended');
      await peer[Symbol.asyncDispose]();
    }
  });

  it.each([
    ['at a length of 0', () => [u32(0)], 'MALFORMED_FRAME'],
    ['at a length of 2^32 - 1', () => [u32(0xffff_ffff)], 'FRAME_TOO_LARGE'],
    ['at random bytes', () => [noise(64 * 1024, 7)], 'FRAME_TOO_LARGE'],
    [
      'at a bitfield of the wrong length',
      () => [open(), rawFrames.bitfield(0, Buffer.alloc(4))],
      'MALFORMED_FRAME',
    ],
    [
      'at a have beyond the file',
      () => [open(), rawFrames.bitfield(0, 'none'), rawFrames.have(0, CHUNK_COUNT)],
      'OUT_OF_RANGE',
    ],
    ['at data nobody asked for', () => [rawFrames.data(3, 0, Buffer.of(1))], 'UNEXPECTED_FRAME'],
    ['at a reject nobody asked for', () => [rawFrames.reject(3, 'CHOKED')], 'UNEXPECTED_FRAME'],
  ])('%s', async (_when, frames, code) => {
    await using peer = await RawPeer.meet(stage.endpoint, rawPeerId('b'));
    for (const frame of frames()) await peer.trickle(frame.subarray(0, 100));
    peer.send(...frames().map((frame) => frame.subarray(100)));
    expect(await peer.ended()).toBe(code);
  });

  it('that is replaced by another of the same peer id', async () => {
    await using first = await leechFrom(stage.endpoint, rawPeerId('d'), stage.content.manifest);
    await using second = await RawPeer.meet(stage.endpoint, rawPeerId('d'));
    expect(await first.ended()).toBe('DUPLICATE_CONNECTION');
    expect((await second.next('open')).digest).toBe(stage.content.manifest.digest);
  });
});

it('a request outside the file is rejected, and the connection goes on', async () => {
  await using peer = await leechFrom(stage.endpoint, rawPeerId('e'), stage.content.manifest);
  peer.send(rawFrames.request(0, 1, { chunk: CHUNK_COUNT, length: 1 }));
  expect(await peer.answerTo(1, 1)).toBe('CHUNK_NOT_HELD');
  peer.send(rawFrames.request(0, 2, { chunk: CHUNK_COUNT - 1, offset: 1_000, length: 2 }));
  expect(await peer.answerTo(2, 2)).toBe('OUT_OF_RANGE');
  peer.send(rawFrames.request(9, 3, { chunk: 0, length: 1 }));
  expect(await peer.answerTo(3, 1)).toBe('UNKNOWN_FILE');
  peer.send(rawFrames.request(0, 4, { chunk: 1, length: 9 }));
  const expected = stage.content.bytes.subarray(CHUNK_BYTES, CHUNK_BYTES + 9);
  expect(await peer.answerTo(4, 9)).toEqual(expected);
});

describe('others go on', () => {
  it('while 5,000 strangers are connected and say nothing', async () => {
    await strangers.dialMany(5_000);
    await stage.transferDuring(untilAborted);
    await eventually(() => {
      expect(strangers.count).toBe(0);
    });
  });

  it('while connections are made and left without end', async () => {
    await stage.transferDuring((signal) => strangers.knock({ signal }));
  });

  it('while strangers say hello and leave, each time as somebody else', async () => {
    let number = 0;
    const beginning = () => rawFrames.hello(numberedPeerId((number += 1)));
    await stage.transferDuring((signal) => strangers.knock({ signal, beginning }));
  });

  it('while strangers send random bytes without end', async () => {
    const bytes = noise(64 * 1024);
    await stage.transferDuring(async (signal) => {
      await Promise.all(times(8).map(() => strangers.flood(() => bytes, { signal })));
    });
  });

  it('while one sends hundreds of thousands of tiny messages at a time', async () => {
    const bytes = Buffer.concat(times(50_000).map(() => rawFrame('keepalive')));
    await stage.transferDuring(async (signal) => {
      await using peer = await RawPeer.meet(stage.endpoint, rawPeerId('f'));
      while (!signal.aborted) {
        await written(peer.socket, bytes);
      }
    });
  });

  it('while some ask for what is not there and never read the answer', async () => {
    const asking = Buffer.concat(
      times(2_000).map((_, id) => rawFrames.request(9, id, { chunk: 0, length: 1 })),
    );
    await stage.transferDuring(async (signal) => {
      const ask = async (number: number) => {
        for (let attempt = 0; !signal.aborted; attempt += 1) {
          const peerId = numberedPeerId(1_000 * number + attempt);
          await using peer = await RawPeer.meet(stage.endpoint, peerId);
          peer.stopReading();
          const { socket } = peer;
          await untilEnded(socket, { signal, work: () => written(socket, asking) });
        }
      };
      await Promise.all(times(20).map((_, number) => ask(number)));
    });
  });

  it('while some ask for everything and read nothing', async () => {
    const { manifest } = stage.content;
    const deaf: RawPeer[] = [];
    for (let number = 0; number < 16; number += 1) {
      const peer = await leechFrom(stage.endpoint, numberedPeerId(number), manifest);
      peer.stopReading();
      for (let id = 0; id < 500; id += 1) {
        const range = { chunk: id % (CHUNK_COUNT - 1), length: CHUNK_BYTES };
        peer.send(rawFrames.request(0, id, range));
      }
      deaf.push(peer);
    }
    await stage.transferDuring(untilAborted);
    for (const peer of deaf) await peer[Symbol.asyncDispose]();
  });
});
