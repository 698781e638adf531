import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf } from '../support/cli-failure.js';
import { fetchedBytes, type DownloadData } from '../support/download-data.js';
import { eventually } from '../support/eventually.js';
import { PeerHome } from '../support/peer-home.js';
import { sampleBytes } from '../support/sample-content.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';

const KIB = 1024;
const SMALL_BYTES = 20 * KIB;
const SMALL_COUNT = 60;

describe('a folder of many small files', () => {
  let tracker: RunningTracker;
  let seeder: PeerHome;
  const content = new Map<string, Buffer>();

  beforeAll(async () => {
    tracker = await startTracker();
    seeder = await PeerHome.create(tracker);
    for (let seed = 0; seed < SMALL_COUNT; seed += 1) {
      content.set(`many/${seed % 3}/${seed}.txt`, sampleBytes(SMALL_BYTES + seed, seed));
    }
    content.set('many/empty', Buffer.alloc(0));
    content.set('many/0/empty', Buffer.alloc(0));
    content.set('many/1/twin', content.get('many/0/0.txt')!);
    content.set('many/large', sampleBytes(600 * KIB, 99));
    for (const folder of ['0', '1', '2']) {
      await mkdir(seeder.file(`many/${folder}`), { recursive: true });
    }
    for (const [name, bytes] of content) await writeFile(seeder.file(name), bytes);
    await seeder.serve(['share', 'many']);
  });
  afterAll(async () => {
    await seeder[Symbol.asyncDispose]();
    await tracker[Symbol.asyncDispose]();
  });

  /** All files that are there, below the folder. */
  async function namesIn(folder: string): Promise<string[]> {
    const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    return found
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(folder.length + 1));
  }

  async function expectAll(folder: string): Promise<void> {
    expect((await namesIn(folder)).sort()).toEqual([...content.keys()].sort());
    for (const [name, bytes] of content) {
      expect(bytes.equals(await readFile(`${folder}/${name}`)), name).toBe(true);
    }
  }

  it('arrives whole, is reported file by file, and leaves nothing beside it', async () => {
    await using peer = await PeerHome.create(tracker);
    const { files } = await peer.json<DownloadData>(['download', 'many/', '-o', 'out']);
    await expectAll(peer.file('out'));
    expect((await readdir(peer.file('out'))).sort()).toEqual(['many']);
    expect(files.map(({ name }) => name).sort()).toEqual([...content.keys()].sort());
    for (const file of files) {
      expect(file).toMatchObject({ path: peer.file(`out/${file.name}`), bytesResumed: 0 });
      expect(file.sizeBytes).toBe(content.get(file.name)!.length);
    }
    const fetched = files.reduce((sum, file) => sum + fetchedBytes(file), 0);
    // The twin is copied.
    const total = [...content.values()].reduce((sum, bytes) => sum + bytes.length, 0);
    expect(fetched).toBe(total - SMALL_BYTES);
    const status = await peer.json(['status', 'many/2/2.txt']);
    expect(status).toMatchObject({ hostsDone: 2, hostsTotal: 2 });
  });

  it('passes on to others while the rest is on its way', async () => {
    await using middle = await PeerHome.create(tracker);
    await using last = await PeerHome.create(tracker);
    const slowly = ['--down', '100KiB/s', '--progress', 'json'];
    const download = middle.start(['download', 'many/', '-o', 'out', ...slowly]);
    await download.until(() => download.stderr.includes('"bytesDone":20'));
    const { files } = await last.json<DownloadData>(['download', 'many/', '-o', 'out']);
    await expectAll(last.file('out'));
    expect(files.every(({ chunksRejected }) => chunksRejected === 0)).toBe(true);
  });

  it('goes on after kill -9 without fetching what is in place, and tidies up', async () => {
    await using peer = await PeerHome.create(tracker);
    const download = peer.start(['download', 'many/', '-o', 'out', '--down', '100KiB/s']);
    const placed = async () =>
      (await namesIn(peer.file('out'))).filter(
        (name) => content.has(name) && name !== 'many/large',
      );
    await eventually(async () => expect((await placed()).length).toBeGreaterThan(5));
    await download.kill('SIGKILL');
    const before = await placed();
    expect(before.length).toBeLessThan(content.size);
    for (const name of before) {
      expect(content.get(name)!.equals(await readFile(peer.file(`out/${name}`)))).toBe(true);
    }
    const { files } = await peer.json<DownloadData>(['download', 'many/', '-o', 'out']);
    await expectAll(peer.file('out'));
    expect(await readdir(peer.file('out'))).toEqual(['many']);
    const again = files.filter(({ name }) => before.includes(name));
    expect(again).toHaveLength(before.length);
    for (const file of again) {
      expect([file.bytesResumed, fetchedBytes(file)]).toEqual([file.sizeBytes, 0]);
    }
  });

  it('keeps what had arrived when it is stopped, and leaves nothing beside it', async () => {
    await using peer = await PeerHome.create(tracker);
    const slowly = ['--down', '100KiB/s', '--progress', 'json'];
    const download = peer.start(['download', 'many/', '-o', 'out', ...slowly]);
    await download.until(() => /"bytesDone":20\d+,"bytesTotal":20/.test(download.stderr));
    expect(await download.kill('SIGINT')).toBe(130);
    const kept = (await namesIn(peer.file('out'))).filter((name) => name.endsWith('.txt'));
    expect(kept.length).toBeGreaterThan(0);
    expect(await readdir(peer.file('out'))).toEqual(['many']);
    await peer.json(['download', 'many/', '-o', 'out']);
    await expectAll(peer.file('out'));
  });

  it('replaces nothing without --force, and says which files failed', async () => {
    await using peer = await PeerHome.create(tracker);
    await mkdir(peer.file('out/many/0'), { recursive: true });
    await writeFile(peer.file('out/many/0/3.txt'), 'mine');
    const failure = await failureOf(peer, ['download', 'many/', '-o', 'out']);
    expect(failure).toMatchObject({ code: 'DONE_IN_PART', exit: 10 });
    expect(failure.data).toMatchObject({
      failed: [{ name: 'many/0/3.txt', code: 'TARGET_EXISTS' }],
    });
    expect(await readFile(peer.file('out/many/0/3.txt'), 'utf8')).toBe('mine');
    await peer.json(['download', 'many/', '-o', 'out', '--force']);
    await expectAll(peer.file('out'));
  });

  it('tidies up the lock that a process left which was killed, or found the disk full', async () => {
    await using peer = await PeerHome.create(tracker);
    await mkdir(peer.file('out/many/0'), { recursive: true });
    await writeFile(peer.file('out/many/0/3.txt.part.resume.lock'), '');
    await peer.json<DownloadData>(['download', 'many/', '-o', 'out']);
    await expectAll(peer.file('out'));
  });
});
