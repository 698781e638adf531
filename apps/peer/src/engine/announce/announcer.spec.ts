import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  Bitfield,
  Manifest,
  MAX_CHUNK_BYTES,
  parseGroup,
  parsePeerId,
  toChunkIndex,
  type PeerId,
  type RegisterRequest,
} from '#protocol';
import { eventually } from '../../../../../test/support/eventually.js';
import { RawTracker, rawReply, type RawRequest } from '../../../../../test/support/raw-tracker.js';
import { rawPeerId } from '../../../../../test/support/raw-peer.js';
import { closedEndpoint, SessionLab } from '../../../../../test/support/session-lab.js';
import { sampleFile } from '../../../../../test/support/tracker-peer.js';
import { UntoldCompletions } from '../../disk/untold-completions.js';
import { plainPath } from '../../net/tracker-path.js';
import { TrackerClient } from '../../net/tracker-client.js';
import { Announcer } from './announcer.js';
import { Transfer } from '../transfer/transfer.js';

const SELF: PeerId = parsePeerId(rawPeerId('a'));
const JOINED = { apiVersion: 1, features: [], bootId: 'one', leaseMs: 60_000, observedHost: '::1' };

type Reply = { response?: unknown; err?: unknown };

/** What the tracker answers; changed by tests. */
let replies: Record<string, (data: never) => Reply>;
let tracker: RawTracker;
let client: TrackerClient;
let announcer: Announcer;
let lab: SessionLab;
let states: string[];
let counters: { bytesUp: number; bytesDown: number };
let waiters: (() => void)[];

beforeEach(async () => {
  replies = {};
  states = [];
  counters = { bytesUp: 0, bytesDown: 0 };
  waiters = [];
  lab = await SessionLab.open();
  tracker = await RawTracker.listen((request) => {
    const { pattern, id, data, socket } = request;
    socket.write(rawReply(id, replies[pattern]?.(data as never) ?? usual(request)));
    const woken = waiters;
    waiters = [];
    for (const wake of woken) wake();
  });
  client = new TrackerClient(plainPath([tracker.endpoint]));
  announcer = announcerOf(client);
});

afterEach(async () => {
  await announcer.stop();
  client.close();
  await tracker[Symbol.asyncDispose]();
  await lab[Symbol.asyncDispose]();
});

function announcerOf(ofClient: TrackerClient): Announcer {
  return new Announcer(ofClient, {
    peerId: SELF,
    programVersion: '0.0.0',
    endpoints: () => [],
    counters: () => counters,
    trackerChanged: (state) => states.push(state),
    registered: () => undefined,
    heard: () => undefined,
    unreachable: () => undefined,
    untold: new UntoldCompletions(lab.file('untold')),
    completionsUntold: (fileCount) => states.push(`${fileCount} untold`),
  });
}

function usual({ pattern, data }: RawRequest): Reply {
  if (pattern === 'join' || pattern === 'heartbeat') return { response: JOINED };
  const files = (data as { files?: unknown[] }).files ?? [];
  return { response: { results: files.map(() => ({ ok: true })) } };
}

/** Resolves with the data of the next requests of the pattern, from the beginning on. */
async function requests(pattern: string, count: number): Promise<never[]> {
  for (;;) {
    const found = tracker.requests.filter((request) => request.pattern === pattern);
    if (found.length >= count) return found.map(({ data }) => data as never);
    await new Promise<void>((resolve) => waiters.push(resolve));
  }
}

function transferOf(chunkCount: number, held = Bitfield.empty(chunkCount)): Transfer {
  const size = chunkCount > 8_192 ? { chunkCount, chunkBytes: MAX_CHUNK_BYTES } : { chunkCount };
  const { sizeBytes, hashes } = sampleFile({ seed: 1, ...size });
  const manifest = Manifest.fromHashes({ sizeBytes, hashes: Buffer.from(hashes, 'base64') });
  const source = { readRun: () => Promise.reject(new Error('nobody reads it')) };
  return new Transfer(manifest, held, source, lab.session.transferHost);
}

describe('the announcer', () => {
  it('joins, registers, reports what is gained in ranges, and leaves', async () => {
    announcer.start();
    const transfer = transferOf(9);
    const [result] = await announcer.announce(transfer, [{ name: 'x.bin', naming: 'publish' }]);
    expect(result).toEqual({ ok: true });
    for (const index of [5, 1, 2, 8]) announcer.chunkGained(transfer, toChunkIndex(index));
    const [report] = (await requests('chunkRegister', 1)) as unknown as [{ files: unknown[] }];
    const ranges = [
      [1, 2],
      [5, 5],
      [8, 8],
    ];
    expect(report.files).toEqual([{ digest: transfer.digest, ranges }]);
    await announcer.stop();
    // A report whose answer has not been read when it stops is made again.
    const patterns = new Set(tracker.requests.map(({ pattern }) => pattern));
    expect([...patterns]).toEqual(['join', 'register', 'chunkRegister', 'leave']);
    expect(states).toEqual([]);
  });

  it('says before it leaves how many bytes it has moved', async () => {
    announcer.start();
    await announcer.contact({ signal: AbortSignal.timeout(60_000) });
    counters = { bytesUp: 7, bytesDown: 11 };
    await announcer.stop();
    const [last] = (await requests('heartbeat', 1)) as unknown as [object];
    expect(last).toMatchObject(counters);
    expect(tracker.requests.at(-1)?.pattern).toBe('leave');
  });

  it('joins and registers again when its session is unknown', async () => {
    announcer.start();
    const transfer = transferOf(9);
    await announcer.announce(transfer, [{ name: 'x.bin', naming: 'publish' }]);
    replies.chunkRegister = () => ({ err: { code: 'SESSION_UNKNOWN', message: 'who?' } });
    announcer.chunkGained(transfer, toChunkIndex(1));
    const [first, second] = (await requests('join', 2)) as unknown as { session: string }[];
    expect(first!.session).not.toBe(second!.session);
    const registrations = (await requests('register', 2)) as unknown as {
      files: { naming: string }[];
    }[];
    // It is named already: a later registration must not move the name back.
    expect(registrations.map(({ files }) => files[0]!.naming)).toEqual(['publish', 'keep']);
  });

  it('keeps a name for some back from a tracker that may have forgotten for whom it is', async () => {
    replies.register = ({ files }: RegisterRequest) => {
      return { response: { results: files.map(() => ({ ok: true, restricted: true })) } };
    };
    replies.chunkRegister = () => ({ err: { code: 'SESSION_UNKNOWN', message: 'who?' } });
    announcer.start();
    const transfer = transferOf(9);
    await announcer.announce(transfer, [{ name: 'downloaded.bin', naming: 'keep' }]);
    const allow = [parseGroup('red')];
    const shared = { name: 'shared.bin', naming: 'publish', allow } as const;
    await announcer.announce(transferOf(10), [shared]);
    delete replies['register'];
    for (const round of [1, 2]) {
      announcer.chunkGained(transfer, toChunkIndex(round));
      const registrations = (await requests('register', 2 + round)) as unknown as RegisterRequest[];
      const { files } = registrations[1 + round]!;
      expect(files).toHaveLength(2);
      expect(files[0]).not.toHaveProperty('name');
      expect(files[1]).toMatchObject({ name: 'shared.bin', naming: 'keep', allow });
    }
  });

  it('registers again what a tracker does not know of', async () => {
    announcer.start();
    const transfer = transferOf(9);
    await announcer.announce(transfer, [{ name: undefined, naming: 'keep' }]);
    const refusal = { ok: false, code: 'NOT_IN_SWARM', message: '' };
    replies.chunkRegister = () => ({ response: { results: [refusal] } });
    transfer.held.set(toChunkIndex(3));
    announcer.chunkGained(transfer, toChunkIndex(3));
    await requests('register', 2);
    expect(tracker.requests.filter(({ pattern }) => pattern === 'join')).toHaveLength(1);
  });

  it('tells a tracker that started anew everything', async () => {
    replies.join = () => ({ response: { ...JOINED, leaseMs: 3 } });
    replies.heartbeat = () => ({ response: { ...JOINED, bootId: 'two' } });
    announcer.start();
    await announcer.announce(transferOf(9), [{ name: 'x.bin', naming: 'publish' }]);
    await requests('register', 2);
    await requests('join', 2);
  });

  it('does not storm a tracker that never knows its session', async () => {
    replies.register = () => ({ err: { code: 'SESSION_UNKNOWN', message: 'who?' } });
    announcer.start();
    void announcer.announce(transferOf(9), [{ name: 'x.bin', naming: 'publish' }]);
    await requests('join', 3);
    expect(states).toEqual(['lost']);
  });

  it('goes on asking a tracker that does not take it for a member', async () => {
    let refusals = 2;
    replies.join = () => {
      refusals -= 1;
      if (refusals < 0) return { response: JOINED };
      return { err: { code: 'MEMBER_REVOKED', message: 'no longer' } };
    };
    announcer.start();
    await expect(announcer.contact({ signal: AbortSignal.timeout(60_000) })).rejects.toMatchObject({
      code: 'MEMBER_REVOKED',
    });
    await requests('join', 3);
    await announcer.announce(transferOf(9), [{ name: 'x.bin', naming: 'publish' }]);
    await eventually(() => expect(states).toEqual(['lost', 'back']));
  });

  it('leaves a busy tracker alone for as long as it asks, whatever else there is to tell', async () => {
    const askedMs = 300;
    const busy = { code: 'BUSY', message: 'later', retryAfterMs: askedMs };
    const askedAtMs: number[] = [];
    replies.register = () => {
      askedAtMs.push(performance.now());
      return { err: busy };
    };
    announcer.start();
    const [first, second] = [transferOf(9), transferOf(10)];
    void announcer.announce(first, [{ name: 'x.bin', naming: 'publish' }]);
    await requests('register', 1);
    void announcer.announce(second, [{ name: 'y.bin', naming: 'publish' }]);
    await requests('register', 2);
    expect(askedAtMs[1]! - askedAtMs[0]!).toBeGreaterThanOrEqual(askedMs);
  });

  it('says that the tracker is back only when it has answered', async () => {
    announcer.start();
    const transfer = transferOf(9);
    await announcer.announce(transfer, [{ name: 'x.bin', naming: 'publish' }]);
    const busy = () => ({ err: { code: 'BUSY', message: 'later' } });
    replies = { chunkRegister: busy, heartbeat: busy };
    announcer.chunkGained(transfer, toChunkIndex(1));
    await requests('chunkRegister', 2);
    expect(states).toEqual(['lost']);
    replies = {};
    await eventually(() => expect(states).toEqual(['lost', 'back']));
  });

  it('registers a file whose news are too many ranges for one message', async () => {
    announcer.start();
    const chunkCount = 20_000;
    const transfer = transferOf(chunkCount);
    await announcer.announce(transfer, [{ name: undefined, naming: 'keep' }]);
    for (let index = 0; index < chunkCount; index += 2) {
      announcer.chunkGained(transfer, toChunkIndex(index));
    }
    await requests('register', 2);
    expect(tracker.requests.filter(({ pattern }) => pattern === 'chunkRegister')).toEqual([]);
  });

  it('answers those who wait for the registration of a file that is withdrawn', async () => {
    replies.register = () => ({ err: { code: 'BUSY', message: 'later' } });
    announcer.start();
    const transfer = transferOf(9);
    const announced = announcer.announce(transfer, [{ name: 'x.bin', naming: 'publish' }]);
    await requests('register', 1);
    announcer.withdraw(transfer, { completed: false });
    expect(await announced).toMatchObject([{ ok: false }]);
    const [withdrawal] = (await requests('unshare', 1)) as unknown as [{ files: unknown[] }];
    expect(withdrawal.files).toEqual([
      { ref: transfer.digest, scope: 'peer', naming: 'keep', completed: false },
    ]);
  });
});

describe('a file that is complete while the tracker is away', () => {
  it('is told to it by the next process of the home, once', async () => {
    using nowhere = new TrackerClient(plainPath([await closedEndpoint()]));
    const lonely = announcerOf(nowhere);
    lonely.start();
    const transfer = transferOf(2);
    void lonely.announce(transfer, [{ name: 'x.bin', naming: 'keep' }]);
    for (const index of [0, 1]) {
      transfer.held.set(toChunkIndex(index));
      lonely.chunkGained(transfer, toChunkIndex(index));
    }
    await lonely.stop();
    expect(states.at(-1)).toBe('1 untold');

    announcer.start();
    const [telling] = (await requests('unshare', 1)) as unknown as [{ files: unknown[] }];
    const { digest } = transfer;
    expect(telling.files).toEqual([
      { ref: digest, scope: 'peer', naming: 'keep', completed: true },
    ]);
    const untold = new UntoldCompletions(lab.file('untold'));
    await eventually(async () => expect(await untold.list()).toEqual([]));
  });

  it('stays to be told where the tracker does not know the file', async () => {
    const digest = transferOf(2).digest;
    const untold = new UntoldCompletions(lab.file('untold'));
    await untold.add([digest]);
    const refusal = { ok: false, code: 'FILE_NOT_FOUND', message: '' };
    replies.unshare = () => ({ response: { results: [refusal] } });
    announcer.start();
    await requests('unshare', 1);
    await announcer.stop();
    expect(await untold.list()).toEqual([digest]);
  });
});

describe('without a tracker', () => {
  it('says so to whoever needs one, and stops at once', async () => {
    using nowhere = new TrackerClient(plainPath([await closedEndpoint()]));
    const lonely = announcerOf(nowhere);
    lonely.start();
    const { signal } = new AbortController();
    await expect(lonely.contact({ signal })).rejects.toMatchObject({ code: 'TRACKER_UNREACHABLE' });
    expect(states).toEqual(['lost']);
    await lonely.stop();
  });

  it('lets a signal end the waiting', async () => {
    await using silent = await RawTracker.listen(() => undefined);
    using unanswered = new TrackerClient(plainPath([silent.endpoint]));
    const waiting = announcerOf(unanswered);
    waiting.start();
    const stopping = new AbortController();
    const contact = expect(waiting.contact({ signal: stopping.signal })).rejects.toThrow('enough');
    stopping.abort(new Error('enough'));
    await contact;
    await waiting.stop();
  });
});
