import { open, readFile, truncate, appendFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, linesOf } from '../support/cli-failure.js';
import { eventually } from '../support/eventually.js';
import { PeerHome } from '../support/peer-home.js';
import { writeSample } from '../support/sample-content.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';

interface InfoData {
  readonly digest: string;
  readonly seeders: number;
  readonly leechers: number;
  readonly locations: readonly { readonly peerId: string; readonly port: number }[];
}

interface StatusData {
  readonly name: string;
  readonly hostsDone: number;
  readonly hostsTotal: number;
  readonly hosts: readonly Readonly<Record<string, unknown>>[];
}

const CHUNK_BYTES = 256 * 1024;
const FILE_BYTES = 3 * CHUNK_BYTES + 1_000;

describe('what a peer has and what others know of it', () => {
  let tracker: RunningTracker;
  beforeAll(async () => {
    tracker = await startTracker();
  });
  afterAll(async () => {
    await tracker[Symbol.asyncDispose]();
  });

  it('shows one file, under both names of the command and by its digest', async () => {
    await using peer = await PeerHome.create(tracker);
    await writeSample(peer.file('info.bin'), FILE_BYTES, 1);
    await peer.serve(['share', 'info.bin']);
    const info = await peer.json<InfoData>(['info', 'info.bin']);
    expect(info).toEqual({
      name: 'info.bin',
      digest: expect.stringMatching(/^b3:[0-9a-f]{64}$/) as string,
      sizeBytes: FILE_BYTES,
      chunkBytes: CHUNK_BYTES,
      chunkCount: 4,
      seeders: 1,
      leechers: 0,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      locations: [
        {
          peerId: expect.stringMatching(/^[a-z2-7]{32}-[a-z2-7]{4}$/) as string,
          host: '127.0.0.1',
          port: expect.any(Number) as number,
          chunksHeld: 4,
          complete: true,
        },
      ],
    });
    expect(await peer.json(['locations', 'info.bin'])).toEqual(info);
    expect(await peer.json(['info', info.digest])).toEqual(info);
    const text = await peer.run(['info', 'info.bin']);
    expect([text.exitCode, text.stderr]).toEqual([0, '']);
    expect(text.stdout).toContain(`${info.locations[0]!.peerId}  127.0.0.1:`);
    const unknown = await failureOf(peer, ['info', 'no/such.bin']);
    expect(unknown).toMatchObject({ code: 'FILE_NOT_FOUND', exit: 3 });
  });

  it('serves again what was shared and downloaded, also after kill -9 and a restart of all', async () => {
    await using restarted = await startTracker();
    await using seeder = await PeerHome.create(restarted);
    await using leecher = await PeerHome.create(restarted);
    await writeSample(seeder.file('seed.bin'), FILE_BYTES, 2);
    await writeSample(seeder.file('gone.bin'), 10, 2);
    const sharing = await seeder.serve(['share', 'seed.bin', 'gone.bin']);
    await leecher.json(['download', 'seed.bin', 'gone.bin']);
    await sharing.kill('SIGKILL');
    await restarted.kill('SIGKILL');
    await truncate(leecher.file('gone.bin'), 5);

    const again = leecher.start(['seed', '--json', '--up', '10MiB/s']);
    await again.until(() => again.stderr.includes('cannot reach the tracker'));
    await restarted.start();
    await again.until(() => again.stdout !== '');
    const ready = JSON.parse(again.stdout) as { event: string; files: { name: string }[] };
    expect(ready).toMatchObject({ event: 'ready', files: [{ name: 'seed.bin' }] });
    expect(again.stderr).toMatch(/^not serving gone\.bin: .*changed/m);
    await eventually(async () => {
      const { locations } = await seeder.json<InfoData>(['info', 'seed.bin']);
      expect(locations.length).toBeGreaterThan(0);
    });
    await seeder.json(['download', 'seed.bin', '-o', 'copy.bin']);
    const copy = await readFile(seeder.file('copy.bin'));
    expect(copy.equals(await readFile(seeder.file('seed.bin')))).toBe(true);
    const both = await seeder.serve(['seed']);
    const served = linesOf(both.stdout).map((line) => line.split(' ').slice(0, 2).join(' '));
    expect(served.slice(0, -1).sort()).toEqual(
      ['gone.bin', 'seed.bin', 'seed.bin'].map((name) => `sharing ${name}`),
    );
    expect(served.at(-1)).toMatch(/^ready 127/);
    expect([await again.kill('SIGINT'), await both.kill('SIGTERM')]).toEqual([0, 0]);
  });

  it('stops offering a name in every process of the home, and purges only its own', async () => {
    await using peer = await PeerHome.create(tracker);
    await using other = await PeerHome.create(tracker);
    await writeSample(peer.file('one.bin'), FILE_BYTES, 3);
    await writeSample(peer.file('two.bin'), 10, 3);
    const first = await peer.serve(['share', 'one.bin', 'two.bin']);
    const second = await peer.serve(['seed']);
    await other.json(['download', 'one.bin']);
    await other.serve(['seed']);
    await eventually(async () => {
      expect((await other.json<InfoData>(['info', 'one.bin'])).seeders).toBe(3);
    });

    const notTheirs = await failureOf(other, ['unshare', 'one.bin', '--purge']);
    expect(notTheirs).toMatchObject({ code: 'NAME_NOT_YOURS', exit: 8 });
    const gone = await peer.json(['unshare', 'one.bin']);
    expect(gone).toEqual({ files: [{ name: 'one.bin', paths: [peer.file('one.bin')] }] });
    for (const program of [first, second]) {
      await program.until(() => program.stderr.includes('one.bin is no longer shared'));
    }
    await eventually(async () => {
      const { seeders, locations } = await other.json<InfoData>(['info', 'one.bin']);
      expect([seeders, locations]).toEqual([0, []]);
    });
    expect((await other.json<InfoData>(['info', 'two.bin'])).seeders).toBe(2);

    const purged = await peer.run(['unshare', 'one.bin', 'two.bin', '--purge']);
    expect([purged.exitCode, purged.stderr]).toEqual([0, '']);
    expect(purged.stdout).toBe('no longer sharing one.bin\nno longer sharing two.bin\n');
    expect(await failureOf(other, ['info', 'two.bin'])).toMatchObject({ exit: 3 });
    expect(await failureOf(peer, ['unshare', 'never.bin'])).toMatchObject({ exit: 3 });
    expect(await failureOf(peer, ['unshare', 'a//b'])).toMatchObject({ exit: 8 });
    await Promise.all([first.kill(), second.kill()]);
    const empty = await peer.serve(['seed']);
    expect(empty.stdout).toMatch(/^ready \S+\n$/);
    expect(empty.stderr).toBe('there is nothing to serve\n');
  });

  it('says which chunks of a file differ', async () => {
    await using peer = await PeerHome.create(tracker);
    await using other = await PeerHome.create(tracker);
    await writeSample(peer.file('checked.bin'), FILE_BYTES, 4);
    const sharing = await peer.serve(['share', 'checked.bin']);
    await other.json(['download', 'checked.bin', '-o', 'copy.bin']);
    await sharing.kill();
    const path = other.file('copy.bin');
    const keys = [
      'name',
      'digest',
      'path',
      'sizeBytes',
      'chunkCount',
      'badChunks',
      'sizeMatches',
      'ok',
    ];
    for (const args of [
      ['verify', 'copy.bin'],
      ['verify', path, 'checked.bin'],
    ]) {
      const good = await other.json<Record<string, unknown>>(args);
      expect(Object.keys(good)).toEqual(keys);
      expect(good).toMatchObject({ path, chunkCount: 4, badChunks: [], ok: true });
    }
    const text = await other.run(['verify', 'copy.bin']);
    expect(text.stdout).toBe(`${path} is checked.bin: all 4 chunks match (769KiB)\n`);

    const handle = await open(path, 'r+');
    await handle.write(Buffer.from('x'), 0, 1, 2 * CHUNK_BYTES + 7);
    await handle.close();
    const corrupt = await failureOf(other, ['verify', 'copy.bin']);
    expect(corrupt).toMatchObject({ code: 'CONTENT_MISMATCH', exit: 4 });
    expect(corrupt.data).toMatchObject({ badChunks: [2], sizeMatches: true, ok: false });
    expect(corrupt.message).toContain('1 of 4 chunks differ; chunks 2');
    await truncate(path, CHUNK_BYTES + 1);
    const short = await failureOf(other, ['verify', 'copy.bin', 'checked.bin']);
    expect(short.data).toMatchObject({ badChunks: [1, 2, 3], sizeMatches: false });
    await appendFile(peer.file('checked.bin'), 'x');
    const long = await failureOf(peer, ['verify', 'checked.bin']);
    expect(long).toMatchObject({ exit: 4, data: { sizeMatches: false } });

    expect(await failureOf(other, ['verify', 'none.bin'])).toMatchObject({ exit: 2 });
    expect(await failureOf(other, ['verify', '.'])).toMatchObject({ exit: 2 });
    await writeSample(other.file('stranger.bin'), 10, 4);
    expect(await failureOf(other, ['verify', 'stranger.bin'])).toMatchObject({ exit: 3 });
    const unknown = ['verify', 'stranger.bin', 'no/such.bin'];
    expect(await failureOf(other, unknown)).toMatchObject({ code: 'FILE_NOT_FOUND', exit: 3 });
  });

  it('counts hosts that completed a file and left as done', async () => {
    await using seeder = await PeerHome.create(tracker);
    await using leecher = await PeerHome.create(tracker);
    await writeSample(seeder.file('fleet.bin'), FILE_BYTES, 5);
    await seeder.serve(['share', 'fleet.bin']);
    await leecher.json(['download', 'fleet.bin']);
    const status = await seeder.json<StatusData>(['status', 'fleet.bin']);
    expect(status).toMatchObject({ name: 'fleet.bin', hostsDone: 2, hostsTotal: 2 });
    expect(Object.keys(status)).toEqual(['name', 'digest', 'hostsDone', 'hostsTotal', 'hosts']);
    for (const host of status.hosts) {
      expect(Object.keys(host).sort()).toEqual(
        [
          'identity',
          'hostname',
          'peerId',
          'host',
          'chunksHeld',
          'chunkCount',
          'complete',
          'online',
          'lastSeenAt',
        ].sort(),
      );
      expect(host).toMatchObject({ chunkCount: 4, complete: true });
    }
    expect(status.hosts.map((host) => host['online']).sort()).toEqual([false, true]);
    const text = await leecher.run(['status', 'fleet.bin']);
    expect(text.stdout).toContain('2 of 2 hosts are done');
    expect(await failureOf(leecher, ['status', 'no/such.bin'])).toMatchObject({ exit: 3 });
  });

  it('lets several processes work from one home at once', async () => {
    await using peer = await PeerHome.create(tracker);
    await using other = await PeerHome.create(tracker);
    await writeSample(other.file('theirs.bin'), FILE_BYTES, 6);
    await other.serve(['share', 'theirs.bin']);
    const names = ['p0.bin', 'p1.bin', 'p2.bin'];
    for (const [seed, name] of names.entries())
      await writeSample(peer.file(name), 1_000, seed + 10);
    const all = [
      ...names.map((name) => peer.serve(['share', name])),
      peer.serve(['download', 'theirs.bin', '--seed', '1h']).catch(() => undefined),
    ];
    const sharing = await Promise.all(all.slice(0, names.length));
    await eventually(async () => {
      const { locations } = await other.json<InfoData>(['info', 'theirs.bin']);
      expect(locations).toHaveLength(2);
    });
    const infos = await Promise.all(names.map((name) => other.json<InfoData>(['info', name])));
    const ids = infos.map(({ locations }) => locations[0]!.peerId);
    expect(new Set(ids).size).toBe(3);
    expect(new Set(ids.map((id) => id.slice(0, 32))).size).toBe(1);
    for (const program of sharing) await program?.kill('SIGKILL');
    const seeding = await peer.serve(['seed']);
    expect(linesOf(seeding.stdout)).toHaveLength(names.length + 2);
  });
});
