import Sqlite, { type Database } from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeBase64, type FileSummary, type Location } from '#protocol';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';
import { sampleFile, TrackerPeer } from '../support/tracker-peer.js';

const CHUNK_COUNT = 16;
const PEER_COUNT = 4;
const STEP_COUNT = 600;
const SEED = Number(process.env['TEST_SEED'] ?? 20_260_105);

const files = [1, 2, 3].map((seed) => sampleFile({ seed, chunkCount: CHUNK_COUNT }));
const nameOf = (fileIndex: number) => `kept/${fileIndex}`;

/** mulberry32: the same numbers for the same seed. */
function dice(seed: number): (count: number) => number {
  let state = seed;
  return (count) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) % count;
  };
}

describe('what a tracker answers from memory', () => {
  let tracker: RunningTracker;
  let shell: Database;
  const peers: TrackerPeer[] = [];

  beforeAll(async () => {
    tracker = await startTracker();
    shell = new Sqlite(tracker.databasePath);
    for (let index = 0; index < PEER_COUNT; index += 1) {
      peers.push(await TrackerPeer.join(tracker, { hostname: `host-${index}` }));
    }
    for (const [index, file] of files.entries()) {
      await peers[0]!.register(file, { name: nameOf(index) });
    }
  });
  afterAll(async () => {
    for (const peer of peers) await peer[Symbol.asyncDispose]();
    shell.close();
    await tracker[Symbol.asyncDispose]();
  });

  /** By the tables alone. */
  const summariesByShell = () =>
    shell
      .prepare('SELECT name, digest, seeders, leechers FROM v_files ORDER BY name')
      .all() as Pick<FileSummary, 'name' | 'digest' | 'seeders' | 'leechers'>[];
  const locationsByShell = (digest: string) =>
    shell
      .prepare(
        `SELECT p.peer_id AS peerId, p.hostname, o.chunks_held AS chunksHeld, o.complete, o.chunks
          FROM chunk_ownership o JOIN files f ON f.id = o.file_id JOIN peers p ON p.id = o.peer_id
          WHERE f.digest = ? AND p.lease_expires_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
          ORDER BY p.peer_id`,
      )
      .all(digest)
      .map((row) => {
        const { complete, chunks, ...rest } = row as { complete: 0 | 1; chunks: Buffer | null };
        const partial = chunks?.some((byte) => byte !== 0) ? encodeBase64(chunks) : 'nothing';
        return { ...rest, complete: complete === 1, held: complete === 1 ? 'all' : partial };
      });

  async function expectTruth(step: string): Promise<void> {
    const { total, files: listed } = await peers[0]!.call('list', { prefix: 'kept/', limit: 10 });
    const expected = summariesByShell();
    expect(total, step).toBe(expected.length);
    expect(listed, step).toMatchObject(expected);
    const refs = [...expected.map(({ name }) => name!), ...files.map(({ digest }) => digest)];
    const { files: found } = await peers[0]!.call('locations', { files: refs, limit: 50 });
    for (const [index, result] of found.entries()) {
      if (!result.ok) throw new Error(`${step}: ${refs[index]}: ${result.code}`);
      const inOrder = result.locations.map(withoutEndpoints).sort(byPeerId);
      expect(inOrder, `${step}: ${refs[index]}`).toEqual(locationsByShell(result.file.digest));
      expect(result.count, step).toBe(inOrder.length);
    }
  }

  it('is what the database holds, after any change by a peer or in a shell', async () => {
    const roll = dice(SEED);
    const actions = actionsOf({ peers, shell, roll, tracker });
    for (let step = 0; step < STEP_COUNT; step += 1) {
      const [title, act] = actions[roll(actions.length)]!;
      await act();
      await expectTruth(`seed ${SEED}, step ${step}, ${title}`);
    }
  }, 60_000);
});

describe('what a tracker answers from memory of who is online', () => {
  it('goes by the clock, and a late heartbeat counts at once', async () => {
    await using tracker = await startTracker({ flags: ['--lease', '1s'] });
    await using peer = await TrackerPeer.join(tracker);
    await peer.register(files[0]!, { name: 'kept/0' });
    const online = async () => {
      const { files: listed } = await peer.call('list', { prefix: 'kept/', limit: 1 });
      const { files: found } = await peer.call('locations', { files: ['kept/0'], limit: 1 });
      const locations = found.flatMap((result) => (result.ok ? result.locations : []));
      return [listed[0]!.seeders, locations.length];
    };
    expect(await online()).toEqual([1, 1]);
    await expect.poll(online, { timeout: 10_000 }).toEqual([0, 0]);
    await peer.callAs('heartbeat', { bytesUp: 0, bytesDown: 0 });
    expect(await online()).toEqual([1, 1]);
    await expect.poll(online, { timeout: 10_000 }).toEqual([0, 0]);
    await peer.callAs('chunkRegister', { files: [{ digest: files[0]!.digest, ranges: [[0, 1]] }] });
    expect(await online()).toEqual([1, 1]);
  }, 30_000);
});

function actionsOf(world: {
  peers: TrackerPeer[];
  shell: Database;
  roll: (count: number) => number;
  tracker: RunningTracker;
}): (readonly [string, () => unknown])[] {
  const { peers, shell, roll, tracker } = world;
  const one = <T>(items: readonly T[]): T => items[roll(items.length)]!;
  const ended = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 second')";
  const rejoin = async (peer: TrackerPeer, session?: string) => {
    const { peerId } = peer;
    const hostname = `host-${roll(100)}`;
    const same = session === undefined ? {} : { session };
    peers[peers.indexOf(peer)] = await TrackerPeer.join(tracker, { peerId, hostname, ...same });
    await peer[Symbol.asyncDispose]();
  };
  const put = (held: string) => {
    const index = roll(files.length);
    return one(peers).register(files[index]!, { name: nameOf(index), naming: 'keep', held });
  };
  return [
    ['register all', () => put('all')],
    ['register nothing', () => put('nothing')],
    ['register a part', () => put(encodeBase64(Uint8Array.of(roll(255), roll(255))))],
    [
      'chunks',
      () => {
        const first = roll(CHUNK_COUNT - 1);
        const ranges: [number, number][] = [[first, first + 1]];
        return one(peers).callAs('chunkRegister', {
          files: [{ digest: one(files).digest, ranges }],
        });
      },
    ],
    ['heartbeat', () => one(peers).callAs('heartbeat', { bytesUp: 1, bytesDown: 1 })],
    [
      'unshare',
      () => {
        const ref = one(files).digest;
        const scope = one(['peer', 'identity'] as const);
        return one(peers).callAs('unshare', { files: [{ ref, scope, naming: 'keep' }] });
      },
    ],
    [
      'purge',
      () => {
        const ref = nameOf(roll(files.length));
        return peers[0]!.callAs('unshare', { files: [{ ref, scope: 'peer', naming: 'purge' }] });
      },
    ],
    ['replace', () => peers[0]!.register(one(files), { name: nameOf(roll(3)), naming: 'replace' })],
    ['another session', () => rejoin(one(peers))],
    [
      'the same session',
      () => {
        const peer = one(peers);
        return rejoin(peer, peer.session);
      },
    ],
    [
      'leave, join',
      async () => {
        const peer = one(peers);
        await peer.callAs('leave', {});
        await rejoin(peer);
      },
    ],
    ['shell: all leases end', () => shell.exec(`UPDATE peers SET lease_expires_at = ${ended}`)],
    [
      'shell: ownership is gone',
      () => {
        shell.prepare('DELETE FROM chunk_ownership WHERE id % 2 = ?').run(roll(2));
      },
    ],
    [
      'shell: hosts are renamed',
      () => {
        shell.prepare('UPDATE peers SET hostname = ?').run(`shell-${roll(100)}`);
      },
    ],
    [
      'shell: names end',
      () => {
        const end = `UPDATE name_versions SET ended_at = ${ended} WHERE ended_at IS NULL AND name = ?`;
        shell.prepare(end).run(nameOf(roll(3)));
      },
    ],
  ];
}

function withoutEndpoints({ peerId, hostname, chunksHeld, complete, held }: Location) {
  return { peerId, hostname, chunksHeld, complete, held };
}

function byPeerId(a: { peerId: string }, b: { peerId: string }): number {
  return a.peerId < b.peerId ? -1 : 1;
}
