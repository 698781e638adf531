import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MAX_NAME_SEGMENT_BYTES, MAX_TRACKER_MESSAGE_CHARS } from '#protocol';
import { AbuseStage } from '../support/abuse-stage.js';
import { eventually } from '../support/eventually.js';
import { noise, Strangers, written } from '../support/strangers.js';
import { sampleFile, TrackerPeer } from '../support/tracker-peer.js';

const STRANGER = { peerId: `${'a'.repeat(32)}-bbbb`, session: '0'.repeat(32) };
const LONG_NAME_COUNT = 1_000;

const frame = (value: unknown) => {
  const json = JSON.stringify(value);
  return Buffer.from(`${json.length}#${json}`);
};
const request = (pattern: string, data: unknown, id = '1') => frame({ pattern, id, data });
const times = (count: number) => Array.from({ length: count });
const untilAborted = async (signal: AbortSignal) => {
  if (!signal.aborted) await once(signal, 'abort');
};

let stage: AbuseStage;
let strangers: Strangers;

beforeAll(async () => {
  stage = await AbuseStage.open();
  strangers = new Strangers(stage.tracker.address);
});

afterEach(async () => {
  await strangers[Symbol.asyncDispose]();
  const { tracker } = await stage.memory();
  expect(tracker).toBeLessThan(1);
});

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

describe('members go on', () => {
  it('while 5,000 strangers are connected and say nothing', async () => {
    await strangers.dialMany(5_000);
    await using member = await TrackerPeer.join(stage.tracker);
    await stage.transferDuring(untilAborted);
    await member.callAs('heartbeat', { bytesUp: 0, bytesDown: 0 });
    await eventually(() => {
      expect(strangers.count).toBe(0);
    });
  });

  it('while connections are made and left without end', async () => {
    await stage.transferDuring((signal) => strangers.knock({ signal }));
  });

  it('while strangers send random bytes without end', async () => {
    const bytes = noise(64 * 1024);
    await stage.transferDuring(async (signal) => {
      await Promise.all(times(8).map(() => strangers.flood(() => bytes, { signal })));
    });
  });

  it('while strangers begin long messages and fall silent', async () => {
    const half = Buffer.from(
      `${MAX_TRACKER_MESSAGE_CHARS}#${'x'.repeat(MAX_TRACKER_MESSAGE_CHARS - 1)}`,
    );
    await stage.transferDuring(async (signal) => {
      for (let count = 0; count < 100 && !signal.aborted; count += 1) {
        const socket = await strangers.dial();
        socket.write(request('list', { prefix: '', limit: 1 }));
        await written(socket, half);
      }
      await untilAborted(signal);
    });
  });

  it('while strangers send long requests without end, and read no reply', async () => {
    const hashes = noise(3 * 87_000).toString('base64');
    const digest = `b3:${'0'.repeat(64)}`;
    const file = { digest, sizeBytes: 1, hashes, naming: 'publish', held: 'all' };
    const bytes = request('register', { ...STRANGER, files: [file, file] });
    await stage.transferDuring(async (signal) => {
      const flood = { signal, reads: 'nothing' } as const;
      await Promise.all(times(8).map(() => strangers.flood(() => bytes, flood)));
    });
  });

  it('while strangers send thousands of tiny requests at a time', async () => {
    const bytes = Buffer.concat(times(2_000).map((_, id) => request('x', {}, String(id))));
    await stage.transferDuring(async (signal) => {
      await Promise.all(times(8).map(() => strangers.flood(() => bytes, { signal })));
    });
  });

  it('while strangers ask for the longest replies and never read', async () => {
    await using publisher = await TrackerPeer.join(stage.tracker);
    const file = sampleFile({ seed: 1, chunkCount: 1 });
    const { digest, sizeBytes, hashes } = file;
    for (let from = 0; from < LONG_NAME_COUNT; from += 250) {
      const files = times(250).map((_, index) => {
        const segment = 'n'.repeat(MAX_NAME_SEGMENT_BYTES);
        const name = `long/${segment}/${segment}/${segment}/${from + index}`;
        return { digest, sizeBytes, hashes, name, naming: 'publish', held: 'all' } as const;
      });
      await publisher.callAs('register', { files });
    }
    const ask = request('list', { prefix: 'long/', limit: LONG_NAME_COUNT });
    await stage.transferDuring(async (signal) => {
      for (let count = 0; count < 30 && !signal.aborted; count += 1) {
        const socket = await strangers.dial({ reads: 'nothing' });
        for (let asked = 0; asked < 64; asked += 1) socket.write(ask);
      }
      await untilAborted(signal);
    });
  });
});

describe('a request that goes too far is refused with its code', () => {
  it.each<[string, string, unknown]>([
    ['a list of 260,000 files', 'locations', { files: times(260_000).map(() => ''), limit: 1 }],
    ['1,001 files', 'manifest', { files: times(1_001).map(() => ({ digest: 'b3:' })) }],
    ['8,193 ranges', 'chunkRegister', { ...STRANGER, files: [ranges(8_193)] }],
    ['a name that is a list', 'status', { ref: [['a']], limit: 1 }],
    ['a session that is an object', 'heartbeat', { ...STRANGER, session: { length: 32 } }],
  ])('%s', async (_what, pattern, data) => {
    await using caller = await stage.tracker.caller();
    await expect(caller.callRaw(pattern, data)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('a list of a million entries, by its length alone', async () => {
    await using caller = await stage.tracker.caller();
    const million = caller.callRaw('locations', {
      files: times(1_000_000).map(() => 'a'),
      limit: 1,
    });
    await expect(million).rejects.toThrow('closed');
  });

  it.each([
    '../up',
    '/etc/passwd',
    'a/./b',
    'a//b',
    'a\\b',
    'a\u001b[2J',
    '\u202eb',
    'con',
    'a\nb',
  ])('a name that is %j', async (name) => {
    await using peer = await TrackerPeer.join(stage.tracker);
    const file = sampleFile({ seed: 2, chunkCount: 1 });
    expect(await peer.register(file, { name })).toMatchObject([
      { ok: false, code: 'INVALID_NAME' },
    ]);
    const unknown = { digest: sampleFile({ seed: 3, chunkCount: 1 }).digest };
    const { results } = await peer.callAs('chunkRegister', {
      files: [{ ...unknown, ranges: [[0, 0]] }],
    });
    expect(results).toMatchObject([{ ok: false, code: 'NOT_IN_SWARM' }]);
  });

  it('and nothing of it reaches a terminal through the log', () => {
    expect(stage.tracker.stderr.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

function ranges(count: number): object {
  return { digest: `b3:${'0'.repeat(64)}`, ranges: times(count).map(() => [0, 0]) };
}
