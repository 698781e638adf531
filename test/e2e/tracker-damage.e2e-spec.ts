import { createHash } from 'node:crypto';
import { copyFile, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { runTracker } from '../support/run-tracker.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';
import { TempDir } from '../support/temp-dir.js';
import { sampleFile, TrackerPeer } from '../support/tracker-peer.js';

const PAGE_BYTES = 4_096;
/** Each has 256 KiB of hashes. */
const LARGE_FILE_COUNT = 24;

describe('a damaged database', () => {
  /** Starts on a folder in vain; what is there must stay as it is. */
  const refusal = async (folder: TempDir): Promise<string> => {
    const before = await contents(folder);
    const env = { SHOAL_PORT: '0', SHOAL_HTTP_PORT: '0', SHOAL_DATA: folder.path };
    const run = await runTracker(['start', '--json'], env);
    expect(run.exitCode).toBe(1);
    const { error } = JSON.parse(run.stdout) as {
      error: { code: string; exit: number; message: string };
    };
    expect(error).toMatchObject({ code: 'DATABASE_UNUSABLE', exit: 1 });
    expect(error.message).toMatch(/put a backup in its place .* \.recover/);
    expect(await contents(folder)).toEqual(before);
    return error.message;
  };

  /** A folder with a database of some files, after a kill -9: the log is there. */
  const prepared = async (folder: TempDir): Promise<void> => {
    await using tracker = await startTracker({ data: folder.path });
    await using peer = await TrackerPeer.join(tracker);
    for (let seed = 0; seed < 20; seed += 1) {
      await peer.register(sampleFile({ seed, chunkCount: 200 }), { name: `n${seed}` });
    }
    await tracker.kill('SIGKILL');
  };

  it('is reported when pages were overwritten, or the file was cut', async () => {
    await using folder = await TempDir.create();
    await using tracker = await startTracker({ data: folder.path });
    await tracker.kill();
    await copyFile(tracker.databasePath, folder.file('sound'));
    const { length } = await readFile(tracker.databasePath);
    await overwrite(tracker.databasePath, { from: 5 * PAGE_BYTES, to: 8 * PAGE_BYTES });
    expect(await refusal(folder)).toContain('is damaged');
    for (const sizeBytes of [length - PAGE_BYTES, length - 100, 2 * PAGE_BYTES, 700, 50, 0]) {
      await copyFile(folder.file('sound'), tracker.databasePath);
      await truncate(tracker.databasePath, sizeBytes);
      expect(await refusal(folder)).toContain('is damaged');
    }
    await copyFile(folder.file('sound'), tracker.databasePath);
    await tracker.start();
  });

  it('is reported when its log was damaged, which would lose what was acknowledged', async () => {
    await using folder = await TempDir.create();
    await prepared(folder);
    const log = folder.file('tracker.db-wal');
    const sound = await readFile(log);
    await overwrite(log, { from: 3 * PAGE_BYTES, to: 4 * PAGE_BYTES });
    expect(await refusal(folder)).toContain('of its log is not valid');
    await overwrite(log, { from: 0, to: 32 });
    expect(await refusal(folder)).toContain('header of its log');
    await writeFile(log, sound);
    await rm(folder.file('tracker.db-shm'), { force: true });
    await using tracker = await startTracker({ data: folder.path });
    await using caller = await tracker.caller();
    expect(await caller.call('list', { prefix: '', limit: 1 })).toMatchObject({ total: 20 });
  });

  it('is not made anew while its log is still there', async () => {
    await using folder = await TempDir.create();
    await prepared(folder);
    await rm(folder.file('tracker.db'));
    expect(await refusal(folder)).toContain('tracker.db is missing');
    await writeFile(folder.file('tracker.db'), '');
    expect(await refusal(folder)).toContain('it is empty');
  });

  it('ends a tracker that comes upon it, before anything is written over it', async () => {
    await using tracker = await startTracker();
    const files = Array.from({ length: LARGE_FILE_COUNT }, (_, seed) =>
      sampleFile({ seed, chunkCount: 8_192 }),
    );
    await using peer = await TrackerPeer.join(tracker);
    for (const [index, file] of files.entries()) {
      expect(await peer.register(file, { name: `large/${index}` })).toEqual([{ ok: true }]);
    }
    await tracker.restart();
    const { length } = await readFile(tracker.databasePath);
    await overwrite(tracker.databasePath, { from: 64 * PAGE_BYTES, to: length });
    const damaged = await readFile(tracker.databasePath);

    const ended = tracker.ended();
    await ask(
      tracker,
      files.map(({ digest }) => digest),
    );
    expect(await ended).toBe(1);
    expect(tracker.stderr).toMatch(/fatal .*tracker\.db is damaged .*put a backup in its place/);
    expect((await readFile(tracker.databasePath)).equals(damaged)).toBe(true);
  });
});

/** For the hashes of each, whatever the answer. */
async function ask(tracker: RunningTracker, digests: readonly string[]): Promise<void> {
  await using caller = await tracker.caller();
  for (const digest of digests) {
    const asked = { files: [{ digest, firstChunkIndex: 0 }] };
    await caller.call('manifest', asked).catch(() => undefined);
  }
}

async function overwrite(path: string, { from, to }: { from: number; to: number }): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(Buffer.alloc(to - from, 0xa5), 0, to - from, from);
  } finally {
    await file.close();
  }
}

/** Of the database and its log, hashed; SQLite's index of the log is made anew by whoever reads, and so is
 *  an empty log. */
async function contents(folder: TempDir): Promise<string[]> {
  const names = ['tracker.db', 'tracker.db-wal'];
  const reads = names.map((name) => readFile(folder.file(name)).catch(() => Buffer.alloc(0)));
  return (await Promise.all(reads)).map((bytes) =>
    createHash('sha256').update(bytes).digest('hex'),
  );
}
