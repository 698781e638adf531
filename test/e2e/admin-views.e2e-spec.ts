import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { PeerHomes } from '../support/peer-homes.js';
import { writeSample } from '../support/sample-content.js';
import { startTracker } from '../support/start-tracker.js';
import { TrackerViews } from '../support/tracker-views.js';

const MIB = 1024 * 1024;

interface Ownership {
  peer_id: string;
  host: string;
  chunks_held: number;
  chunk_count: number;
  complete: number;
}

describe('the views, from a plain SQLite shell while a swarm runs', () => {
  it('agree with each other at any moment, and with the end', async () => {
    await using tracker = await startTracker();
    await using homes = await PeerHomes.create(tracker, 4);
    const [seeder, ...leechers] = homes.all;
    await writeSample(seeder!.file('watched.iso'), 12 * MIB + 5, 31);
    await seeder!.serve(['share', 'watched.iso', '--up', '2MiB/s']);
    const args = ['download', 'watched.iso', '--seed', 'forever', '--json'];
    const programs = leechers.map((home) => home.start(args));
    using views = new TrackerViews(tracker);
    await eventually(() => {
      const { partial, total } = views.rows<{ partial: number; total: number }>(
        'SELECT sum(complete = 0) AS partial, count(*) AS total FROM v_ownership',
      )[0]!;
      expect({ partial, total }).toEqual({ partial: 3, total: 4 });
    });

    const moment = views.atOnce(() => ({
      ownership: views.rows<Ownership>('SELECT * FROM v_ownership WHERE name = ?', 'watched.iso'),
      chunks: views.rows<{ peer_id: string; held: number }>(
        'SELECT peer_id, count(*) AS held FROM v_chunks GROUP BY peer_id',
      ),
      copies: views.rows<{ chunk_index: number; copies: number }>(
        'SELECT chunk_index, copies FROM v_availability ORDER BY chunk_index',
      ),
      files: views.rows('SELECT name, chunk_count, seeders, leechers FROM v_files'),
      rarest: views.value('SELECT min(copies) FROM v_availability'),
    }));

    const heldBy = new Map(moment.chunks.map(({ peer_id, held }) => [peer_id, held]));
    for (const row of moment.ownership) {
      expect(heldBy.get(row.peer_id) ?? 0).toBe(row.chunks_held);
      expect(row.complete).toBe(Number(row.chunks_held === row.chunk_count));
    }
    const copyCount = moment.copies.reduce((sum, { copies }) => sum + copies, 0);
    const heldCount = moment.ownership.reduce((sum, row) => sum + row.chunks_held, 0);
    expect(copyCount).toBe(heldCount);
    expect(moment.copies.map(({ chunk_index }) => chunk_index)).toEqual(
      Array.from({ length: 49 }, (_, index) => index),
    );
    expect(moment.rarest).toBeGreaterThanOrEqual(1);
    const done = moment.ownership.filter((row) => row.complete === 1).length;
    expect(moment.files).toEqual([
      { name: 'watched.iso', chunk_count: 49, seeders: done, leechers: 4 - done },
    ]);

    for (const program of programs) await program.until(() => program.stdout.includes('\n'));
    await eventually(() => {
      expect(views.value('SELECT min(copies) FROM v_availability')).toBe(4);
      expect(views.value('SELECT count(*) FROM v_peers WHERE online AND files_complete')).toBe(4);
    });
  });
});
