import { copyFile, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { DownloadData } from '../support/download-data.js';
import { eventually } from '../support/eventually.js';
import { PeerHomes } from '../support/peer-homes.js';
import { hashFile, writeSample } from '../support/sample-content.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';
import { TrackerViews } from '../support/tracker-views.js';

const MIB = 1024 * 1024;
const LEASE_FLAGS = ['--lease', '3s'];

describe('a tracker that goes away', () => {
  it('is killed and started again in the middle of a swarm, and nothing is lost', async () => {
    // The views show who is online: no lease may run out while the tracker starts.
    await using tracker = await startTracker({ flags: ['--lease', '30s'] });
    await using homes = await PeerHomes.create(tracker, 3);
    const [seeder, ...leechers] = homes.all;
    await writeSample(seeder!.file('swarm.iso'), 24 * MIB, 21);
    await seeder!.serve(['share', 'swarm.iso', '--up', '4MiB/s']);
    const args = ['download', 'swarm.iso', '--seed', 'forever', '--progress', 'json', '--json'];
    const programs = leechers.map((home) => home.start(args));
    for (const program of programs) {
      await program.until(() => /"bytesDone":[1-9]/.test(program.stderr));
    }
    const acknowledged = ownership(tracker);

    await tracker.restart('SIGKILL');

    const after = ownership(tracker);
    for (const [peerId, chunksHeld] of acknowledged) {
      expect(after.get(peerId) ?? 0).toBeGreaterThanOrEqual(chunksHeld);
    }
    for (const program of programs) await program.until(() => program.stdout.includes('\n'));
    const wanted = await hashFile(seeder!.file('swarm.iso'));
    for (const home of leechers) expect(await hashFile(home.file('swarm.iso'))).toBe(wanted);
    await eventually(() => {
      using views = new TrackerViews(tracker);
      expect(views.value(`SELECT seeders FROM v_files WHERE name = 'swarm.iso'`)).toBe(3);
      expect(views.value('SELECT count(*) FROM v_peers WHERE online = 1')).toBe(3);
    });
  });

  it('comes back from an older backup, and the peers tell it what it lacks', async () => {
    await using tracker = await startTracker({ flags: LEASE_FLAGS });
    await using homes = await PeerHomes.create(tracker, 2);
    const [seeder, leecher] = homes.all;
    await writeSample(seeder!.file('before.bin'), MIB, 22);
    await writeSample(seeder!.file('after.bin'), MIB, 23);
    const backup = `${tracker.data}/backup.db`;
    await tracker.kill('SIGTERM');
    await copyFile(tracker.databasePath, backup);
    await tracker.start();
    await seeder!.serve(['share', 'before.bin', 'after.bin']);

    await tracker.kill('SIGKILL');
    for (const suffix of ['', '-wal', '-shm']) {
      await rm(`${tracker.databasePath}${suffix}`, { force: true });
    }
    await copyFile(backup, tracker.databasePath);
    await tracker.start();

    await eventually(async () => {
      const { total } = await leecher!.json<{ total: number }>(['list']);
      expect(total).toBe(2);
    });
    const { files } = await leecher!.json<DownloadData>(['download', 'after.bin']);
    expect(await hashFile(files[0]!.path)).toBe(await hashFile(seeder!.file('after.bin')));
  });

  it('is away while peers that know each other go on, and hears of it later', async () => {
    await using tracker = await startTracker();
    await using homes = await PeerHomes.create(tracker, 2);
    const [seeder, leecher] = homes.all;
    await writeSample(seeder!.file('alone.iso'), 8 * MIB, 24);
    await seeder!.serve(['share', 'alone.iso', '--up', '4MiB/s']);
    const download = leecher!.start(['download', 'alone.iso', '--progress', 'json', '--json']);
    await download.until(() => /"bytesDone":[1-9]/.test(download.stderr));
    await tracker.kill('SIGKILL');
    expect(await download.ended()).toBe(0);
    expect(await hashFile(leecher!.file('alone.iso'))).toBe(
      await hashFile(seeder!.file('alone.iso')),
    );
    expect(download.stderr).toContain('the tracker was not told that 1 file is complete here');

    await tracker.start();
    await writeSample(leecher!.file('other.bin'), 10, 25);
    await leecher!.serve(['share', 'other.bin']);
    await eventually(async () => {
      const { hostsDone } = await leecher!.json<{ hostsDone: number }>(['status', 'alone.iso']);
      expect(hostsDone).toBe(2);
    });
  });

  it('finds a seed that started before it', async () => {
    await using tracker = await startTracker();
    await using homes = await PeerHomes.create(tracker, 2);
    const [seeder, leecher] = homes.all;
    await writeSample(seeder!.file('patient.bin'), MIB, 25);
    const sharing = await seeder!.serve(['share', 'patient.bin']);
    await sharing.kill('SIGTERM');
    await tracker.kill('SIGTERM');
    await seeder!.serve(['seed']);
    await tracker.start();
    const { files } = await eventually(() =>
      leecher!.json<DownloadData>(['download', 'patient.bin', '--timeout', '30s']),
    );
    expect(await hashFile(files[0]!.path)).toBe(await hashFile(seeder!.file('patient.bin')));
  });
});

/** Chunks held, by peer, as the database has them. */
function ownership(tracker: RunningTracker): Map<string, number> {
  using views = new TrackerViews(tracker);
  const rows = views.rows<{ peer_id: string; chunks_held: number }>(
    'SELECT peer_id, chunks_held FROM v_ownership',
  );
  return new Map(rows.map((row) => [row.peer_id, row.chunks_held]));
}
