import { copyFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { HELD_NONE } from '#protocol';
import { startTracker } from '../support/start-tracker.js';
import { TempDir } from '../support/temp-dir.js';
import { sampleFile, TrackerPeer } from '../support/tracker-peer.js';

describe('what the tracker acknowledged', () => {
  it('is there after a kill -9 in the middle of a storm of writes', async () => {
    await using tracker = await startTracker();
    const acknowledged: string[] = [];
    const peers = await Promise.all(Array.from({ length: 4 }, () => TrackerPeer.join(tracker)));
    const writing = peers.map(async (peer, position) => {
      for (let seed = 0; ; seed += 1) {
        const file = sampleFile({ seed: position * 100_000 + seed, chunkCount: 1 });
        const name = `storm/${position}/${seed}`;
        const results = await peer.register(file, { name }).catch(() => undefined);
        if (results === undefined) return;
        expect(results).toEqual([{ ok: true }]);
        acknowledged.push(name);
        if (acknowledged.length === 200) await tracker.kill('SIGKILL');
      }
    });
    await Promise.all(writing);
    for (const peer of peers) await peer[Symbol.asyncDispose]();
    expect(acknowledged.length).toBeGreaterThanOrEqual(200);
    await tracker.start();
    await using reader = await tracker.caller();
    const { files, total } = await reader.call('list', { prefix: 'storm/', limit: 1_000 });
    const names = new Set(files.map(({ name }) => name));
    expect(acknowledged.filter((name) => !names.has(name))).toEqual([]);
    expect(total).toBe(files.length);
    expect(files.filter(({ seeders }) => seeders !== 1)).toEqual([]);
  });

  it('is written out when the tracker stops, and sessions go on where they were', async () => {
    await using tracker = await startTracker();
    await using before = await TrackerPeer.join(tracker);
    const file = sampleFile({ seed: 1, chunkCount: 3 });
    await before.register(file, { name: 'kept', held: HELD_NONE });
    const change = { files: [{ digest: file.digest, ranges: [[0, 1]] as const }] };
    await before.callAs('chunkRegister', change);
    expect(await tracker.kill()).toBe(0);
    await tracker.start();
    await using caller = await tracker.caller();
    const { peerId, session } = before;
    const beat = await caller.call('heartbeat', { peerId, session, bytesUp: 1, bytesDown: 2 });
    expect(beat.bootId).not.toBe(before.joined.bootId);
    const { files } = await caller.call('locations', { files: ['kept'], limit: 1 });
    expect(files[0]).toMatchObject({ locations: [{ peerId, chunksHeld: 2 }] });
  });

  it('heals after an older backup, because peers see another boot and register again', async () => {
    await using backup = await TempDir.create();
    await using tracker = await startTracker();
    await using peer = await TrackerPeer.join(tracker);
    const [old, fresh] = [
      sampleFile({ seed: 2, chunkCount: 1 }),
      sampleFile({ seed: 3, chunkCount: 1 }),
    ];
    await peer.register(old, { name: 'old' });
    await tracker.kill();
    await copyFile(tracker.databasePath, backup.file('tracker.db'));
    await tracker.start();
    await using again = await TrackerPeer.join(tracker, { peerId: peer.peerId });
    await again.register(old, { name: 'old' });
    await again.register(fresh, { name: 'new' });
    await tracker.kill();
    await copyFile(backup.file('tracker.db'), tracker.databasePath);
    await tracker.start();
    await using caller = await tracker.caller();
    const { peerId, session } = again;
    const beat = caller.call('heartbeat', { peerId, session, bytesUp: 0, bytesDown: 0 });
    await expect(beat).rejects.toMatchObject({ code: 'SESSION_UNKNOWN' });
    await using healed = await TrackerPeer.join(tracker, { peerId, session });
    expect(healed.joined.bootId).not.toBe(again.joined.bootId);
    for (const [file, name] of [[old, 'old'] as const, [fresh, 'new'] as const]) {
      expect(await healed.register(file, { name, naming: 'keep' })).toEqual([{ ok: true }]);
    }
    const { files } = await caller.call('list', { prefix: '', limit: 10 });
    expect(files).toMatchObject([
      { name: 'new', seeders: 1 },
      { name: 'old', seeders: 1 },
    ]);
  });

  it('outlives open connections: they are closed when it stops', async () => {
    await using tracker = await startTracker();
    await using caller = await tracker.caller();
    const closed = new Promise((resolve) => caller.socket.once('close', resolve));
    expect(await tracker.kill('SIGTERM')).toBe(0);
    await closed;
  });
});
