import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HELD_NONE } from '#protocol';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';
import { sampleFile, TrackerPeer } from '../support/tracker-peer.js';

describe('a peer and the tracker', () => {
  let tracker: RunningTracker;
  beforeAll(async () => {
    tracker = await startTracker();
  });
  afterAll(() => tracker[Symbol.asyncDispose]());

  it('goes through every exchange', async () => {
    await using seeder = await TrackerPeer.join(tracker);
    await using leecher = await TrackerPeer.join(tracker);
    const file = sampleFile({ seed: 1, chunkCount: 3 });
    expect(await seeder.register(file, { name: 'all/one.bin' })).toEqual([{ ok: true }]);
    expect(await leecher.register(file, { name: 'all/one.bin', held: HELD_NONE })).toEqual([
      { ok: true },
    ]);
    const list = await leecher.call('list', { prefix: 'all/', limit: 10 });
    expect(list).toMatchObject({ total: 1, next: null });
    expect(list.files[0]).toMatchObject({ name: 'all/one.bin', seeders: 1, leechers: 1 });
    const chunks = await leecher.callAs('chunkRegister', {
      files: [{ digest: file.digest, ranges: [[1, 2]] }],
    });
    expect(chunks.results).toEqual([{ ok: true }]);
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
    expect(await leecher.callAs('heartbeat', { bytesUp: 1, bytesDown: 2 })).toMatchObject({
      leaseMs: 60_000,
    });
    expect(await leecher.callAs('leave', {})).toEqual({});
  });
});
