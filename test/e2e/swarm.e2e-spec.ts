import { mkdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchedBytes, type DownloadData } from '../support/download-data.js';
import { eventually } from '../support/eventually.js';
import { leavePartial } from '../support/partial-download.js';
import type { PeerHome } from '../support/peer-home.js';
import { PeerHomes } from '../support/peer-homes.js';
import { hashFile, writeSample } from '../support/sample-content.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';
import { TrackerViews } from '../support/tracker-views.js';

const MIB = 1024 * 1024;
const BIG_BYTES = 64 * MIB - 12_345;

describe('a swarm', () => {
  let tracker: RunningTracker;
  beforeAll(async () => {
    tracker = await startTracker();
  });
  afterAll(async () => {
    await tracker[Symbol.asyncDispose]();
  });

  it('brings a file from two halves to four leechers', async () => {
    await using homes = await PeerHomes.create(tracker, 7);
    const [publisher, ...peers] = homes.all;
    const path = publisher!.file('halves.iso');
    await writeSample(path, BIG_BYTES, 3);
    const sharing = await publisher!.serve(['share', path]);
    await sharing.kill('SIGTERM');
    const [firstHalf, secondHalf, ...leechers] = peers;
    const output = (home: PeerHome) => home.file('halves.iso');
    await leavePartial(path, output(firstHalf!), (index, count) => index < count / 2);
    await leavePartial(path, output(secondHalf!), (index, count) => index >= count / 2);

    const args = ['download', 'halves.iso', '--seed', 'forever', '--json'];
    const programs = [firstHalf!, secondHalf!, ...leechers].map((home) => home.start(args));
    for (const program of programs) await program.until(() => program.stdout.includes('\n'));

    const reports = programs.map((program) => {
      return (JSON.parse(program.stdout) as { data: DownloadData }).data.files[0]!;
    });
    expect(reports[0]!.bytesResumed + reports[1]!.bytesResumed).toBe(BIG_BYTES);
    for (const report of reports) {
      expect(report.bytesResumed + fetchedBytes(report)).toBe(BIG_BYTES);
      expect(report.chunksRejected).toBe(0);
    }
    const wanted = await hashFile(path);
    for (const home of peers) expect(await hashFile(output(home))).toBe(wanted);
    for (const report of reports.slice(2)) {
      expect(Object.keys(report.bytesFromPeers).length).toBeGreaterThan(1);
    }
    for (const program of programs) expect(await program.kill('SIGTERM')).toBe(0);
  });

  it('finishes after the only seeder left, once every chunk is somewhere else', async () => {
    await using homes = await PeerHomes.create(tracker, 4);
    const [seeder, ...leechers] = homes.all;
    const path = seeder!.file('orphan.iso');
    await writeSample(path, 24 * MIB + 1, 4);
    const sharing = await seeder!.serve(['share', path, '--up', '8MiB/s']);
    const args = ['download', 'orphan.iso', '--seed', 'forever', '--json'];
    const programs = leechers.map((home) => home.start(args));
    using views = new TrackerViews(tracker);
    await eventually(() => {
      const missing = views.value(
        `SELECT count(*) FROM v_availability a JOIN v_files f USING (digest)
         WHERE f.name = 'orphan.iso' AND a.copies < 2`,
      );
      expect(missing).toBe(0);
    });

    await sharing.kill('SIGKILL');

    for (const program of programs) await program.until(() => program.stdout.includes('\n'));
    const wanted = await hashFile(path);
    for (const home of leechers) expect(await hashFile(home.file('orphan.iso'))).toBe(wanted);
    const reports = programs.map(
      (program) => (JSON.parse(program.stdout) as { data: DownloadData }).data.files[0]!,
    );
    const sources = new Set(reports.flatMap((report) => Object.keys(report.bytesFromPeers)));
    expect(sources.size).toBe(4);
    for (const program of programs) expect(await program.kill('SIGTERM')).toBe(0);
  });

  it('uses a source that turns up in the middle', async () => {
    await using homes = await PeerHomes.create(tracker, 3);
    const [slow, fast, leecher] = homes.all;
    await writeSample(slow!.file('late.iso'), 8 * MIB, 5);
    await writeSample(fast!.file('late.iso'), 8 * MIB, 5);
    await slow!.serve(['share', 'late.iso', '--up', '512KiB/s']);
    const download = leecher!.start(['download', 'late.iso', '--progress', 'json', '--json']);
    await download.until(() => /"bytesDone":[1-9]/.test(download.stderr));

    await fast!.serve(['share', 'late.iso']);

    expect(await download.ended()).toBe(0);
    const { files } = (JSON.parse(download.stdout) as { data: DownloadData }).data;
    expect(Object.keys(files[0]!.bytesFromPeers)).toHaveLength(2);
    expect(await hashFile(leecher!.file('late.iso'))).toBe(await hashFile(fast!.file('late.iso')));
  });

  it('joins two peers that share the same content under two names', async () => {
    await using homes = await PeerHomes.create(tracker, 3);
    const [first, second, leecher] = homes.all;
    await writeSample(first!.file('one.bin'), 5 * MIB, 6);
    await writeSample(second!.file('two.bin'), 5 * MIB, 6);
    await first!.serve(['share', 'one.bin']);
    await second!.serve(['share', 'two.bin']);
    interface Info {
      digest: string;
      seeders: number;
      locations: { complete: boolean }[];
    }
    const one = await leecher!.json<Info>(['info', 'one.bin']);
    const two = await leecher!.json<Info>(['info', 'two.bin']);
    expect(one.digest).toBe(two.digest);
    expect(one.seeders).toBe(2);
    expect(one.locations.map((location) => location.complete)).toEqual([true, true]);
  });

  it('brings a folder of 500 small files across', async () => {
    await using homes = await PeerHomes.create(tracker, 2);
    const [seeder, leecher] = homes.all;
    await mkdir(seeder!.file('small/deep'), { recursive: true });
    for (let index = 0; index < 500; index += 1) {
      const folder = index % 2 === 0 ? 'small' : 'small/deep';
      await writeSample(seeder!.file(`${folder}/${index}.txt`), index * 7, index);
    }
    await seeder!.serve(['share', 'small']);
    const { files } = await leecher!.json<DownloadData>(['download', 'small/', '-o', 'copy']);
    expect(files).toHaveLength(500);
    for (const file of files) {
      expect(file.path).toBe(leecher!.file(`copy/${file.name}`));
      expect(await hashFile(file.path)).toBe(await hashFile(seeder!.file(file.name)));
    }
  });
});
