import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Bitfield,
  encodeBase64,
  HELD_NONE,
  MAX_HASHES_PER_MESSAGE,
  type ManifestReply,
  type ManifestRequest,
} from '#protocol';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';
import { sampleFile, TrackerPeer } from '../support/tracker-peer.js';

const OK = { ok: true };
const refused = (code: string) => ({
  ok: false,
  code,
  message: expect.any(String) as string,
});

describe('a peer and the tracker', () => {
  let tracker: RunningTracker;
  beforeAll(async () => {
    tracker = await startTracker();
  });
  afterAll(() => tracker[Symbol.asyncDispose]());

  it('go through every exchange', async () => {
    await using seeder = await TrackerPeer.join(tracker);
    await using leecher = await TrackerPeer.join(tracker);
    const file = sampleFile({ seed: 1, chunkCount: 3 });
    expect(await seeder.register(file, { name: 'all/one.bin' })).toEqual([OK]);
    expect(await leecher.register(file, { name: 'all/one.bin', held: HELD_NONE })).toEqual([OK]);
    const list = await leecher.call('list', { prefix: 'all/', limit: 10 });
    expect(list).toMatchObject({ total: 1, next: null });
    expect(list.files[0]).toMatchObject({ name: 'all/one.bin', seeders: 1, leechers: 1 });
    const chunks = await leecher.callAs('chunkRegister', {
      files: [{ digest: file.digest, ranges: [[1, 2]] }],
    });
    expect(chunks.results).toEqual([OK]);
    const found = await seeder.call('locations', {
      files: ['all/one.bin'],
      exclude: seeder.peerId,
      limit: 10,
    });
    expect(found.files[0]).toMatchObject({
      ok: true,
      count: 2,
      locations: [{ peerId: leecher.peerId, chunksHeld: 2, complete: false, held: 'YA==' }],
    });
    const manifest = await leecher.call('manifest', {
      files: [{ digest: file.digest, firstChunkIndex: 0 }],
    });
    expect(manifest.files).toEqual([
      { ok: true, sizeBytes: file.sizeBytes, hashes: file.hashes, next: null },
    ]);
    expect(await leecher.callAs('heartbeat', { bytesUp: 1, bytesDown: 2 })).toEqual({
      bootId: leecher.joined.bootId,
      leaseMs: 60_000,
    });
    expect(await leecher.callAs('leave', {})).toEqual({});
  });

  it('agree on a version, features and an address at join', async () => {
    await using peer = await TrackerPeer.join(tracker);
    expect(peer.joined).toEqual({
      apiVersion: 1,
      features: [],
      bootId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      leaseMs: 60_000,
      observedHost: '127.0.0.1',
    });
    const strange = peer.callAs('join', {
      apiVersions: [2, 3],
      features: [],
      hostname: 'h',
      programVersion: '9',
      os: 'o',
      labels: [],
      endpoints: [],
    });
    await expect(strange).rejects.toMatchObject({ code: 'UNSUPPORTED_API_VERSION' });
  });

  it('repeat every exchange without harm', async () => {
    await using peer = await TrackerPeer.join(tracker, { endpoints: [] });
    const file = sampleFile({ seed: 2, chunkCount: 4 });
    const whole = { digest: file.digest, ranges: [[0, 3]] as const };
    for (let round = 0; round < 2; round += 1) {
      expect(await peer.register(file, { name: 'again', held: HELD_NONE })).toEqual([OK]);
      const { results } = await peer.callAs('chunkRegister', { files: [whole, whole] });
      expect(results).toEqual([OK, OK]);
      await peer.callAs('heartbeat', { bytesUp: 5, bytesDown: 5 });
    }
    const { files } = await peer.call('list', { prefix: 'again', limit: 5 });
    expect(files).toMatchObject([{ seeders: 1, leechers: 0 }]);
    const unshare = { ref: 'again', scope: 'peer', naming: 'purge' } as const;
    for (let round = 0; round < 2; round += 1) {
      const { results } = await peer.callAs('unshare', { files: [unshare] });
      expect(results).toEqual([OK]);
    }
    expect(await peer.callAs('leave', {})).toEqual({});
    expect(await peer.callAs('leave', {})).toEqual({});
  });

  it('join again with the same session and keep, with a new one and forget', async () => {
    await using first = await TrackerPeer.join(tracker);
    const file = sampleFile({ seed: 3, chunkCount: 2 });
    await first.register(file, { name: 'session' });
    const seeders = async () =>
      (await first.call('list', { prefix: 'session', limit: 1 })).files[0]?.seeders;
    await using same = await TrackerPeer.join(tracker, first);
    expect(await seeders()).toBe(1);
    await using fresh = await TrackerPeer.join(tracker, { peerId: first.peerId });
    expect(await seeders()).toBe(0);
    for (const stale of [first, same]) {
      const beat = stale.callAs('heartbeat', { bytesUp: 0, bytesDown: 0 });
      await expect(beat).rejects.toMatchObject({ code: 'SESSION_UNKNOWN' });
      await expect(stale.register(file)).rejects.toMatchObject({ code: 'SESSION_UNKNOWN' });
    }
    expect(await fresh.register(file)).toEqual([OK]);
    expect(await seeders()).toBe(1);
  });

  it('refuse each file for itself', async () => {
    await using peer = await TrackerPeer.join(tracker);
    const file = sampleFile({ seed: 4, chunkCount: 2 });
    const other = sampleFile({ seed: 5, chunkCount: 2 });
    const { digest, sizeBytes, hashes } = file;
    const good = { digest, sizeBytes, hashes, naming: 'publish', held: 'all' } as const;
    const { results } = await peer.callAs('register', {
      files: [
        { digest, sizeBytes, naming: 'publish', held: 'all' },
        { ...good, hashes: other.hashes },
        { ...good, sizeBytes: 1 },
        { ...good, name: '../up' },
        { ...good, held: 'AAAA' },
        { ...good, name: 'refuse/good' },
        { ...good, sizeBytes: sizeBytes - 1 },
        { ...good, digest: other.digest, hashes: other.hashes, name: 'refuse/good' },
      ],
    });
    expect(results).toEqual([
      refused('MANIFEST_NEEDED'),
      refused('INVALID_MANIFEST'),
      refused('INVALID_MANIFEST'),
      refused('INVALID_NAME'),
      refused('INVALID_REQUEST'),
      OK,
      refused('INVALID_MANIFEST'),
      refused('NAME_TAKEN'),
    ]);
    const { files } = await peer.call('locations', { files: [other.digest, 'none'], limit: 1 });
    expect(files).toEqual([refused('FILE_NOT_FOUND'), refused('FILE_NOT_FOUND')]);
    const chunks = await peer.callAs('chunkRegister', {
      files: [
        { digest: other.digest, ranges: [[0, 0]] },
        { digest, ranges: [[0, 2]] },
        { digest, ranges: [[1, 0]] },
        { digest, ranges: [[1, 1]] },
      ],
    });
    expect(chunks.results).toEqual([
      refused('NOT_IN_SWARM'),
      refused('OUT_OF_RANGE'),
      refused('OUT_OF_RANGE'),
      OK,
    ]);
  });

  it.each<[string, object, string]>([
    ['list', { prefix: '', limit: 1, sort: 'size' }, 'sort'],
    ['list', { prefix: '', limit: 1_001 }, 'limit'],
    ['list', {}, 'prefix'],
    ['locations', { files: [], limit: 1 }, 'files'],
    ['locations', { files: Array.from({ length: 1_001 }, () => 'a'), limit: 1 }, 'files'],
    ['manifest', { files: [{ digest: 'b3:0', firstChunkIndex: 0 }] }, 'files[0].digest'],
    ['heartbeat', { peerId: 'x', session: 'y', bytesUp: 0, bytesDown: 0 }, 'peerId'],
    ['status', { ref: 'a', limit: 0 }, 'limit'],
    ['shutdown', {}, 'no such pattern'],
  ])('refuse a wrong %s that says %j', async (pattern, data, key) => {
    await using caller = await tracker.caller();
    const refusal = await caller.callRaw(pattern, data).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'INVALID_REQUEST' });
    expect((refusal as Error).message).toContain(key);
  });

  it('move a name on purpose only, and never back by themselves', async () => {
    await using owner = await TrackerPeer.join(tracker);
    await using other = await TrackerPeer.join(tracker);
    const [one, two] = [
      sampleFile({ seed: 6, chunkCount: 1 }),
      sampleFile({ seed: 7, chunkCount: 1 }),
    ];
    const current = async () =>
      (await owner.call('list', { prefix: 'moving', limit: 1 })).files[0]?.digest;
    await owner.register(one, { name: 'moving' });
    expect(await other.register(two, { name: 'moving' })).toEqual([refused('NAME_TAKEN')]);
    expect(await other.register(two, { name: 'moving', naming: 'keep' })).toEqual([OK]);
    expect(await current()).toBe(one.digest);
    expect(await other.register(two, { name: 'moving', naming: 'replace' })).toEqual([OK]);
    expect(await current()).toBe(two.digest);
    expect(await owner.register(one, { name: 'moving', naming: 'keep' })).toEqual([OK]);
    expect(await current()).toBe(two.digest);
    const purge = { ref: 'moving', scope: 'peer', naming: 'purge' } as const;
    expect((await owner.callAs('unshare', { files: [purge] })).results).toEqual([
      refused('NAME_NOT_YOURS'),
    ]);
    expect((await other.callAs('unshare', { files: [purge] })).results).toEqual([OK]);
    expect(await current()).toBeUndefined();
    await other.register(two, { name: 'moving', naming: 'keep' });
    expect(await current()).toBeUndefined();
    const { files } = await other.call('locations', { files: [one.digest], limit: 5 });
    expect(files[0]).toMatchObject({ ok: true, file: { name: null }, count: 1 });
    const unknown = { ...purge, ref: 'never/was' };
    expect((await other.callAs('unshare', { files: [unknown] })).results).toEqual([
      refused('FILE_NOT_FOUND'),
    ]);
  });

  it('share the same content in one swarm, and an empty file too', async () => {
    await using one = await TrackerPeer.join(tracker);
    await using two = await TrackerPeer.join(tracker);
    const file = sampleFile({ seed: 8, chunkCount: 1 });
    await one.register(file, { name: 'same/a' });
    await two.register(file, { name: 'same/b' });
    const empty = sampleFile({ seed: 9, chunkCount: 0 });
    const { digest, sizeBytes } = empty;
    await two.callAs('register', {
      files: [{ digest, sizeBytes, name: 'same/empty', naming: 'publish', held: 'all' }],
    });
    const { files, total } = await one.call('list', { prefix: 'same/', limit: 5 });
    expect(total).toBe(3);
    expect(files).toMatchObject([
      { name: 'same/a', digest: file.digest, seeders: 2, hash: file.hashes },
      { name: 'same/b', digest: file.digest, seeders: 2, hash: file.hashes },
      { name: 'same/empty', sizeBytes: 0, chunkCount: 0, seeders: 1, leechers: 0 },
    ]);
    const manifest = await one.call('manifest', { files: [{ digest, firstChunkIndex: 0 }] });
    expect(manifest.files).toEqual([{ ok: true, sizeBytes: 0, hashes: '', next: null }]);
  });

  it('page a large manifest both ways', async () => {
    await using peer = await TrackerPeer.join(tracker);
    const chunkCount = 20_000;
    const { digest, sizeBytes, pages } = largeFile(chunkCount);
    expect(
      await peer.callAs('register', {
        files: [{ digest, sizeBytes, naming: 'keep', held: 'all' }],
      }),
    ).toEqual({ results: [refused('MANIFEST_NEEDED')] });
    for (const position of [2, 0, 0, 1]) {
      const firstChunkIndex = position * MAX_HASHES_PER_MESSAGE;
      const page = { digest, sizeBytes, firstChunkIndex, hashes: pages[position]! };
      const { complete } = await peer.callAs('manifestPut', page);
      expect(complete).toBe(position === 1);
    }
    const last = { digest, sizeBytes, firstChunkIndex: 0, hashes: pages[0]! };
    expect(await peer.callAs('manifestPut', last)).toEqual({ complete: true });
    const wrong = { ...last, firstChunkIndex: 7 };
    const again = { digest: digest.replace(/.{4}$/, '0000'), sizeBytes };
    await expect(peer.callAs('manifestPut', { ...wrong, ...again })).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
    });
    const held = encodeBase64(Bitfield.full(chunkCount).toBytes());
    const registered = { digest, sizeBytes, name: 'large', naming: 'publish', held } as const;
    expect((await peer.callAs('register', { files: [registered] })).results).toEqual([OK]);
    const read: string[] = [];
    for (let next: number | null = 0; next !== null;) {
      const files: ManifestRequest['files'] = [{ digest, firstChunkIndex: next }];
      const reply: ManifestReply = await peer.call('manifest', { files });
      const page = reply.files[0];
      if (page?.ok !== true) throw new Error('no page');
      read.push(page.hashes);
      next = page.next;
    }
    expect(read).toEqual(pages);
  });

  it('drop pages that do not have the digest they claim', async () => {
    await using peer = await TrackerPeer.join(tracker);
    const { sizeBytes, pages } = largeFile(10_000);
    const digest = `b3:${'0'.repeat(64)}`;
    const put = (position: number) =>
      peer.callAs('manifestPut', {
        digest,
        sizeBytes,
        firstChunkIndex: position * MAX_HASHES_PER_MESSAGE,
        hashes: pages[position]!,
      });
    for (let round = 0; round < 2; round += 1) {
      expect(await put(0)).toEqual({ complete: false });
      await expect(put(1)).rejects.toMatchObject({ code: 'INVALID_MANIFEST' });
    }
  });
});

/** A file whose manifest needs several pages. */
function largeFile(chunkCount: number): { digest: string; sizeBytes: number; pages: string[] } {
  const file = sampleFile({ seed: 10, chunkCount, chunkBytes: 8 * 1024 * 1024 });
  const hashes = Buffer.from(file.hashes, 'base64');
  const pages: string[] = [];
  for (let offset = 0; offset < hashes.length; offset += MAX_HASHES_PER_MESSAGE * 32) {
    pages.push(encodeBase64(hashes.subarray(offset, offset + MAX_HASHES_PER_MESSAGE * 32)));
  }
  return { ...file, pages };
}
