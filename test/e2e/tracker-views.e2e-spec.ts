import Sqlite, { type Database } from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bitfield, encodeBase64, toChunkIndex, type Endpoint } from '#protocol';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';
import { sampleFile, TrackerPeer } from '../support/tracker-peer.js';

const CHUNK_COUNT = 4_099;

describe('the views, from a plain SQLite shell while the tracker runs', () => {
  let tracker: RunningTracker;
  let shell: Database;
  const file = sampleFile({ seed: 1, chunkCount: CHUNK_COUNT });
  const held = [0, 6, 7, 8, 17, 4_095, 4_096, 4_098];
  const opened: TrackerPeer[] = [];

  const query = (text: string, ...parameters: unknown[]) => shell.prepare(text).all(...parameters);
  const join = async (endpoints?: readonly Endpoint[]) => {
    const peer = await TrackerPeer.join(tracker, endpoints === undefined ? {} : { endpoints });
    opened.push(peer);
    return peer;
  };

  beforeAll(async () => {
    tracker = await startTracker();
    shell = new Sqlite(tracker.databasePath, { readonly: true });
    const seeder = await join([{ host: '10.1.1.1', port: 71 }]);
    await seeder.register(file, { name: 'big/file.bin' });
    await seeder.callAs('heartbeat', { bytesUp: 123, bytesDown: 45 });
    const partial = await join([{ host: '10.1.1.2', port: 72 }]);
    const field = Bitfield.empty(CHUNK_COUNT);
    for (const index of held) field.set(toChunkIndex(index));
    const bytes = encodeBase64(field.toBytes());
    await partial.register(file, { name: 'big/file.bin', held: bytes });
    const gone = await join();
    await gone.register(file, { name: 'big/file.bin' });
    await gone.callAs('leave', {});
  });
  afterAll(async () => {
    shell.close();
    for (const peer of opened) await peer[Symbol.asyncDispose]();
    await tracker[Symbol.asyncDispose]();
  });

  it('v_files', () => {
    expect(query('SELECT * FROM v_files')).toEqual([
      {
        name: 'big/file.bin',
        digest: file.digest,
        size_bytes: file.sizeBytes,
        chunk_bytes: 256 * 1024,
        chunk_count: CHUNK_COUNT,
        seeders: 1,
        leechers: 1,
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/) as string,
      },
    ]);
  });

  it('v_peers', () => {
    expect(query('SELECT * FROM v_peers ORDER BY host')).toEqual([
      peerRow({ host: '10.1.1.1', port: 71, files_complete: 1, bytes_up: 123, bytes_down: 45 }),
      peerRow({ host: '10.1.1.2', port: 72, files_partial: 1 }),
      peerRow({ host: '127.0.0.1', port: 7001, online: 0 }),
    ]);
  });

  it('v_ownership', () => {
    const rows = query(`SELECT name, digest, host, chunks_held, chunk_count, complete
      FROM v_ownership ORDER BY host`);
    const common = { name: 'big/file.bin', digest: file.digest, chunk_count: CHUNK_COUNT };
    expect(rows).toEqual([
      { ...common, host: '10.1.1.1', chunks_held: CHUNK_COUNT, complete: 1 },
      { ...common, host: '10.1.1.2', chunks_held: held.length, complete: 0 },
    ]);
    expect(query('SELECT peer_id, updated_at FROM v_ownership')).toHaveLength(2);
  });

  it('v_chunks', () => {
    const [seeder, partial] = opened;
    const chunksOf = (peerId: string) =>
      shell
        .prepare('SELECT chunk_index FROM v_chunks WHERE peer_id = ? ORDER BY chunk_index')
        .pluck()
        .all(peerId);
    expect(chunksOf(partial!.peerId)).toEqual(held);
    expect(chunksOf(seeder!.peerId)).toHaveLength(CHUNK_COUNT);
    const owners = query(
      'SELECT peer_id FROM v_chunks WHERE digest = ? AND chunk_index = 17 ORDER BY peer_id',
      file.digest,
    );
    expect(owners).toHaveLength(2);
    expect(query('SELECT digest FROM v_chunks WHERE chunk_index >= ?', CHUNK_COUNT)).toEqual([]);
  });

  it('v_availability, chunks that nobody has included', async () => {
    const copies = () =>
      query(
        'SELECT chunk_index, copies FROM v_availability WHERE digest = ? ORDER BY chunk_index',
        file.digest,
      ) as { chunk_index: number; copies: number }[];
    const before = copies();
    expect(before.map(({ chunk_index }) => chunk_index)).toEqual(
      Array.from({ length: CHUNK_COUNT }, (_, index) => index),
    );
    const doubled = before.filter(({ copies: count }) => count === 2);
    expect(doubled.map(({ chunk_index }) => chunk_index)).toEqual(held);
    const rarest = query('SELECT MIN(copies) AS copies FROM v_availability');
    expect(rarest).toEqual([{ copies: 1 }]);
    await opened[0]!.callAs('leave', {});
    expect(copies().filter(({ copies: count }) => count === 0)).toHaveLength(
      CHUNK_COUNT - held.length,
    );
  });
});

describe('the views after everything was killed', () => {
  it('tell the truth by the clock alone, and a late heartbeat is welcome', async () => {
    await using tracker = await startTracker({ flags: ['--lease', '1s'] });
    await using peer = await TrackerPeer.join(tracker);
    const file = sampleFile({ seed: 2, chunkCount: 1 });
    await peer.register(file, { name: 'late' });
    using shell = disposable(new Sqlite(tracker.databasePath, { readonly: true }));
    const online = () => shell.database.prepare('SELECT online FROM v_peers').pluck().get();
    expect(online()).toBe(1);
    await expect.poll(online, { timeout: 10_000 }).toBe(0);
    const read = (view: string) => shell.database.prepare(`SELECT * FROM ${view}`).all();
    expect(read('v_files')).toMatchObject([{ seeders: 0, leechers: 0 }]);
    expect([...read('v_ownership'), ...read('v_chunks')]).toEqual([]);
    expect(read('v_availability')).toMatchObject([{ copies: 0 }]);
    expect(await peer.call('locations', { files: ['late'], limit: 5 })).toMatchObject({
      files: [{ count: 0, locations: [] }],
    });
    await peer.callAs('heartbeat', { bytesUp: 0, bytesDown: 0 });
    expect(online()).toBe(1);
    expect(read('v_files')).toMatchObject([{ seeders: 1 }]);
  });
});

function peerRow(change: Record<string, unknown>): Record<string, unknown> {
  return {
    peer_id: expect.any(String) as string,
    online: 1,
    last_seen_at: expect.any(String) as string,
    files_complete: 0,
    files_partial: 0,
    bytes_up: 0,
    bytes_down: 0,
    ...change,
  };
}

function disposable(database: Database): { database: Database } & Disposable {
  return { database, [Symbol.dispose]: () => database.close() };
}
