import { copyFile, mkdir, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { DownloadData } from '../support/download-data.js';
import { eventually } from '../support/eventually.js';
import { PeerHomes } from '../support/peer-homes.js';
import { runTracker } from '../support/run-tracker.js';
import { hashFile, writeSample } from '../support/sample-content.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';
import { TempDir } from '../support/temp-dir.js';
import { sampleFile, TrackerPeer } from '../support/tracker-peer.js';

const MIB = 1024 * 1024;

describe('tracker backup', () => {
  it('copies a database under load; restored, peers tell what it lacks by themselves', async () => {
    await using folder = await TempDir.create();
    await using tracker = await startTracker({ flags: ['--lease', '3s'] });
    await using homes = await PeerHomes.create(tracker, 2);
    const [seeder, leecher] = homes.all;
    await writeSample(seeder!.file('before.bin'), MIB, 31);
    await writeSample(seeder!.file('after.bin'), MIB, 32);
    await seeder!.serve(['share', 'before.bin']);
    await using load = await Load.begin(tracker);
    await load.until(100);
    const acknowledged = [...load.acknowledged, 'before.bin'];
    const backup = folder.file('backup.db');
    const run = await runTracker(['backup', backup, '--data', tracker.data, '--json']);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    const { size: sizeBytes } = await stat(backup);
    const seconds = expect.any(Number) as number;
    expect(JSON.parse(run.stdout)).toEqual({
      ok: true,
      data: { path: backup, sizeBytes, seconds },
    });
    expect(namesIn(backup)).toEqual(expect.arrayContaining(acknowledged));
    await load.end();
    await seeder!.serve(['share', 'after.bin']);

    await tracker.kill('SIGKILL');
    await restore(tracker, backup);
    await tracker.start();

    await using caller = await tracker.caller();
    const { files } = await caller.call('list', { prefix: '', limit: 1_000 });
    const names = files.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(acknowledged));
    await eventually(async () => {
      const listed = await leecher!.json<{ files: { name: string }[] }>(['list']);
      expect(listed.files).toContainEqual(expect.objectContaining({ name: 'after.bin' }));
    });
    const { files: arrived } = await leecher!.json<DownloadData>([
      'download',
      'after.bin',
      'before.bin',
    ]);
    for (const [index, name] of ['after.bin', 'before.bin'].entries()) {
      expect(await hashFile(arrived[index]!.path)).toBe(await hashFile(seeder!.file(name)));
    }
  });

  it('also works while no tracker runs, and leaves the data folder as it was', async () => {
    await using folder = await TempDir.create();
    await using tracker = await startTracker();
    await using peer = await TrackerPeer.join(tracker);
    await peer.register(sampleFile({ seed: 1, chunkCount: 1 }), { name: 'kept' });
    await tracker.kill('SIGKILL');
    const backup = folder.file('backup.db');
    const run = await runTracker(['backup', backup], { SHOAL_DATA: tracker.data });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toContain(`backed up to ${backup} (`);
    expect(namesIn(backup)).toEqual(['kept']);
    expect(await readdir(folder.path)).toEqual(['backup.db']);
    await tracker.start();
    await using caller = await tracker.caller();
    expect(await caller.call('list', { prefix: '', limit: 1 })).toMatchObject({ total: 1 });
  });

  it.each([
    ['a file that exists', 7, 'TARGET_EXISTS', ['tracker.db']],
    ['a folder that is missing', 7, 'TARGET_FOLDER_MISSING', ['no/where.db']],
    ['no file', 2, 'USAGE', []],
  ])('refuses %s with %i', async (_, exit, code, files) => {
    await using folder = await TempDir.create();
    const tracker = await startTracker({ data: folder.path });
    await tracker.kill();
    const paths = files.map((file) => folder.file(file));
    const run = await runTracker(['backup', ...paths, '--data', folder.path, '--json']);
    expect(JSON.parse(run.stdout)).toMatchObject({ ok: false, error: { code, exit } });
    expect(run).toMatchObject({ exitCode: exit, stderr: '' });
  });

  it('refuses a data folder without a database, in words too', async () => {
    await using folder = await TempDir.create();
    const run = await runTracker(['backup', folder.file('b.db'), '--data', folder.file('none')]);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/^tracker: --data \(SHOAL_DATA\): there is no database .*\n$/);
  });
});

/** As the README says: the old files are moved away, all three, and the backup takes their place. */
async function restore(tracker: RunningTracker, backup: string): Promise<void> {
  const old = join(tracker.data, 'old');
  await mkdir(old);
  for (const name of await readdir(tracker.data)) {
    if (name.startsWith('tracker.db')) await rename(join(tracker.data, name), join(old, name));
  }
  await copyFile(backup, tracker.databasePath);
}

function namesIn(path: string): unknown[] {
  const database = new Sqlite(path, { readonly: true });
  try {
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    return database.prepare('SELECT name FROM v_files').pluck().all();
  } finally {
    database.close();
  }
}

/** A peer that registers one file after the other until it is told to stop. */
class Load implements AsyncDisposable {
  readonly acknowledged: string[] = [];
  private state: 'running' | 'ending' = 'running';
  private readonly waiters = new Set<() => void>();
  private readonly running: Promise<void>;

  private constructor(private readonly peer: TrackerPeer) {
    this.running = this.run();
  }

  static async begin(tracker: RunningTracker): Promise<Load> {
    return new Load(await TrackerPeer.join(tracker));
  }

  async until(count: number): Promise<void> {
    while (this.acknowledged.length < count) {
      await new Promise<void>((resolve) => this.waiters.add(resolve));
    }
  }

  async end(): Promise<void> {
    this.state = 'ending';
    await this.running;
  }

  private async run(): Promise<void> {
    for (let seed = 0; this.state === 'running' && seed < 900; seed += 1) {
      const name = `load/${seed}`;
      const results = await this.peer.register(sampleFile({ seed, chunkCount: 1 }), { name });
      expect(results).toEqual([{ ok: true }]);
      this.acknowledged.push(name);
      for (const wake of this.waiters) wake();
      this.waiters.clear();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    await this.peer[Symbol.asyncDispose]();
  }
}
