import { execFileSync } from 'node:child_process';
import { mkdir, open, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf } from '../support/cli-failure.js';
import { PeerHome } from '../support/peer-home.js';
import { sampleBytes, writeSample } from '../support/sample-content.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';
import { TempDir } from '../support/temp-dir.js';

const MIB = 1024 * 1024;
const SLOW_BYTES = 2 * MIB + 5;
/** Slow enough to be caught in the middle, whatever else the machine does. */
const SLOWLY = ['--down', '64KiB/s', '--progress', 'json'];
const MAX_PEER_MEMORY_KIB = 300 * 1024;

/** Most memory that the process has had, in KiB; Linux keeps count. */
async function peakMemoryKib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]);
}

/** A file system of its own in memory, until it is disposed. */
function mountDisk(folder: string, options: string): Disposable & { readonly folder: string } {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
  return { folder, [Symbol.dispose]: () => void execFileSync('umount', ['-l', folder]) };
}

/** Mounting takes privileges that not every machine gives its tests. */
async function canMount(): Promise<boolean> {
  await using dir = await TempDir.create();
  try {
    mountDisk(dir.path, 'size=1m')[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
}

const mayMount = await canMount();

describe('downloads and the disk', () => {
  let tracker: RunningTracker;
  let seeder: PeerHome;
  beforeAll(async () => {
    tracker = await startTracker();
    seeder = await PeerHome.create(tracker);
    await mkdir(seeder.file('tree/inner'), { recursive: true });
    await writeSample(seeder.file('tree/inner/a.bin'), 1_000, 1);
    await writeSample(seeder.file('tree/b.bin'), 1_000, 2);
    await writeSample(seeder.file('x'.repeat(250)), 1_000, 3);
    await seeder.serve(['share', 'tree', 'x'.repeat(250)]);
    await writeSample(seeder.file('slow.bin'), SLOW_BYTES, 4);
    await seeder.serve(['share', 'slow.bin']);
  });
  afterAll(async () => {
    await seeder[Symbol.asyncDispose]();
    await tracker[Symbol.asyncDispose]();
  });

  it('never writes through a link that was planted in the output', async () => {
    await using peer = await PeerHome.create(tracker);
    await mkdir(peer.file('out/tree'), { recursive: true });
    await mkdir(peer.file('outside'));
    await writeFile(peer.file('outside/file'), 'untouched');
    await symlink('../../outside', peer.file('out/tree/inner'));
    const failure = await failureOf(peer, ['download', 'tree/', '-o', 'out']);
    expect(failure).toMatchObject({ code: 'DONE_IN_PART', exit: 10 });
    expect(failure.data).toMatchObject({
      files: [{ name: 'tree/b.bin' }],
      failed: [{ name: 'tree/inner/a.bin', code: 'OUTSIDE_FOLDER' }],
    });
    for (const ending of ['.part', '.part.resume', '.part.resume.tmp', '.part.resume.lock']) {
      const link = peer.file(`a.bin${ending}`);
      await symlink('outside/file', link);
      const run = await peer.run(['download', 'tree/inner/a.bin', '--force']);
      if (run.exitCode !== 0) expect(run.exitCode).toBe(7);
      await rm(link, { force: true });
      await rm(peer.file('a.bin'), { force: true });
    }
    expect(await readdir(peer.file('outside'))).toEqual(['file']);
    expect(await readFile(peer.file('outside/file'), 'utf8')).toBe('untouched');
    await peer.json(['download', 'tree/inner/a.bin']);
  });

  it('takes names that are almost as long as the disk allows', async () => {
    await using peer = await PeerHome.create(tracker);
    const name = 'x'.repeat(250);
    await peer.json(['download', name]);
    expect((await readFile(peer.file(name))).equals(sampleBytes(1_000, 3))).toBe(true);
    expect((await readdir(peer.file('.'))).sort()).toEqual(['home', name]);
  });

  it('lets one process work on a target at a time', async () => {
    await using peer = await PeerHome.create(tracker);
    await using other = await PeerHome.create(tracker);
    const path = peer.file('slow.bin');
    const first = peer.start(['download', 'slow.bin', ...SLOWLY]);
    await first.until(() => /"bytesDone":[1-9]/.test(first.stderr));
    for (const rival of [peer, other]) {
      const failure = await failureOf(rival, ['download', 'slow.bin', '-o', path]);
      expect(failure).toMatchObject({ code: 'TARGET_BUSY', exit: 7 });
      expect(failure.message).toContain(`process ${first.pid}`);
    }
    expect(await first.kill('SIGKILL')).toBe('SIGKILL');
    type Data = { files: { bytesResumed: number }[] };
    const stopped = peer.start(['download', 'slow.bin', ...SLOWLY, '--json']);
    await stopped.until(() => /"bytesDone":[1-9]/.test(stopped.stderr));
    expect(await stopped.kill('SIGTERM')).toBe(143);
    const { files } = await peer.json<Data>(['download', 'slow.bin']);
    expect(files[0]!.bytesResumed).toBeGreaterThan(0);
    expect((await readFile(path)).equals(sampleBytes(SLOW_BYTES, 4))).toBe(true);
  });

  it.runIf(mayMount)('ends with 7 when the disk fills up, and loses nothing', async () => {
    await using peer = await PeerHome.create(tracker);
    await mkdir(peer.file('small'));
    using disk = mountDisk(peer.file('small'), 'size=4m');
    const { folder } = disk;
    const args = ['download', 'slow.bin', '-o', 'small', ...SLOWLY, '--json'];
    const download = peer.start(args);
    await download.until(() => /"bytesDone":[1-9]/.test(download.stderr));
    const filler = await open(`${folder}/filler`, 'w');
    await expect(filler.writeFile(Buffer.alloc(4 * MIB))).rejects.toThrow('ENOSPC');
    await filler.close();
    expect(await download.ended()).toBe(7);
    expect(JSON.parse(download.stdout)).toMatchObject({ error: { code: 'DISK_FULL', exit: 7 } });

    const stillFull = await failureOf(peer, ['download', 'slow.bin', '-o', 'small']);
    expect(stillFull).toMatchObject({ code: 'DISK_FULL', exit: 7 });
    await rm(`${folder}/filler`);
    type Data = { files: { bytesResumed: number }[] };
    const { files } = await peer.json<Data>(['download', 'slow.bin', '-o', 'small']);
    expect(files[0]!.bytesResumed).toBeGreaterThan(0);
    expect((await readFile(`${folder}/slow.bin`)).equals(sampleBytes(SLOW_BYTES, 4))).toBe(true);
    expect(await readdir(folder)).toEqual(['slow.bin']);
  });
});

describe('sharing what takes no room', () => {
  it('hashes a sparse file of 3 GiB in bounded memory', async () => {
    await using tracker = await startTracker();
    await using peer = await PeerHome.create(tracker);
    const handle = await open(peer.file('sparse.img'), 'w');
    await handle.truncate(3 * 1024 * MIB);
    await handle.close();
    const sharing = await peer.serve(['share', 'sparse.img']);
    expect(sharing.stdout).toMatch(/^sharing sparse\.img b3:\S+ 3\.00GiB$/m);
    expect(await peakMemoryKib(sharing.pid)).toBeLessThan(MAX_PEER_MEMORY_KIB);
  });
});
