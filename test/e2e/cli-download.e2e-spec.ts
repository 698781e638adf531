import { lstat, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, linesOf } from '../support/cli-failure.js';
import type { DownloadData as FullData } from '../support/download-data.js';
import { eventually } from '../support/eventually.js';
import { PeerHome } from '../support/peer-home.js';
import { writeSample } from '../support/sample-content.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';

interface DownloadedFile {
  readonly name: string;
  readonly digest: string;
  readonly path: string;
}

interface DownloadData {
  readonly files: readonly DownloadedFile[];
}

const KIB = 1024;

describe('peer download', () => {
  let tracker: RunningTracker;
  let seeder: PeerHome;
  const content = new Map<string, Buffer>();
  const digests = new Map<string, string>();

  beforeAll(async () => {
    tracker = await startTracker();
    seeder = await PeerHome.create(tracker);
    await mkdir(seeder.file('models/llama/deep'), { recursive: true });
    const names = ['models/llama/a.bin', 'models/llama/deep/b.bin', 'models/c.bin'];
    for (const [seed, name] of names.entries()) {
      content.set(name, await writeSample(seeder.file(name), 300 * KIB + seed, seed));
    }
    const sharing = await seeder.serve(['share', 'models', '--json']);
    const { files } = JSON.parse(sharing.stdout) as DownloadData;
    for (const { name, digest } of files) digests.set(name, digest);
  });
  afterAll(async () => {
    await seeder[Symbol.asyncDispose]();
    await tracker[Symbol.asyncDispose]();
  });

  const holds = async (path: string, name: string) =>
    (await readFile(path)).equals(content.get(name)!);

  it('reports with exactly the keys that are promised, on stdout alone', async () => {
    await using peer = await PeerHome.create(tracker);
    const run = await peer.run(['download', 'models/c.bin', '--json']);
    expect([run.exitCode, run.stderr, linesOf(run.stdout).length]).toEqual([0, '', 1]);
    expect(JSON.parse(run.stdout)).toEqual({
      ok: true,
      data: {
        files: [
          {
            name: 'models/c.bin',
            digest: digests.get('models/c.bin'),
            path: peer.file('c.bin'),
            sizeBytes: 300 * KIB + 2,
            seconds: expect.any(Number) as number,
            bytesFromPeers: { [await idOf('models/c.bin')]: 300 * KIB + 2 },
            bytesResumed: 0,
            chunksRejected: 0,
          },
        ],
      },
    });
    const text = await peer.run(['download', 'models/c.bin', '-o', 'again.bin']);
    expect(text.stderr).toBe('');
    expect(text.stdout).toMatch(
      /^downloaded models\/c\.bin to .*again\.bin: 300KiB in \S+ \(.*\/s\), from 1 peer\n$/,
    );
  });

  const idOf = async (name: string) => {
    type Info = { locations: { peerId: string; complete: boolean }[] };
    const { locations } = await seeder.json<Info>(['info', name]);
    return locations.find(({ complete }) => complete)!.peerId;
  };

  it('puts one name where -o says: a file, or into a folder that exists', async () => {
    await using peer = await PeerHome.create(tracker);
    const name = 'models/llama/a.bin';
    await mkdir(peer.file('folder'));
    const pathOf = async (...flags: string[]) =>
      (await peer.json<DownloadData>(['download', name, ...flags])).files[0]!.path;
    expect(await pathOf()).toBe(peer.file('a.bin'));
    expect(await pathOf('-o', 'renamed')).toBe(peer.file('renamed'));
    expect(await pathOf('--output', 'folder')).toBe(peer.file('folder/a.bin'));
    expect(await pathOf('-o', peer.file('folder/absolute'))).toBe(peer.file('folder/absolute'));
    expect(await holds(peer.file('folder/a.bin'), name)).toBe(true);
    expect((await readdir(peer.file('folder'))).sort()).toEqual(['a.bin', 'absolute']);

    const missing = await failureOf(peer, ['download', name, '-o', 'missing/x.bin']);
    expect(missing).toMatchObject({ code: 'TARGET_FOLDER_MISSING', exit: 7 });
    await expect(stat(peer.file('missing'))).rejects.toThrow('ENOENT');
  });

  it('puts several names or a prefix into a folder, made when it is missing', async () => {
    await using peer = await PeerHome.create(tracker);
    const names = ['models/llama/a.bin', 'models/c.bin'];
    await peer.json(['download', ...names, names[0]!, '-o', 'new/several']);
    expect((await readdir(peer.file('new/several'))).sort()).toEqual(['a.bin', 'c.bin']);
    const { files } = await peer.json<DownloadData>(['download', 'models/llama/', '-o', 'tree']);
    expect(files.map(({ path }) => path)).toEqual([
      peer.file('tree/llama/a.bin'),
      peer.file('tree/llama/deep/b.bin'),
    ]);
    expect(await holds(peer.file('tree/llama/deep/b.bin'), 'models/llama/deep/b.bin')).toBe(true);
    await peer.json(['download', 'models/']);
    expect(await holds(peer.file('models/c.bin'), 'models/c.bin')).toBe(true);

    expect(await failureOf(peer, ['download', 'nothing/'])).toMatchObject({ exit: 3 });
    const clash = await failureOf(peer, ['download', ...names, '-o', 'models/c.bin']);
    expect(clash).toMatchObject({ code: 'USAGE', exit: 2 });
  });

  it('takes a digest for a name, and streams it', async () => {
    await using peer = await PeerHome.create(tracker);
    const digest = digests.get('models/c.bin')!;
    const { files } = await peer.json<DownloadData>(['download', digest, '-o', 'by-digest']);
    expect(files[0]!.digest).toBe(digest);
    expect(await holds(peer.file('by-digest'), 'models/c.bin')).toBe(true);
    const streaming = peer.start(['download', digest, '-o', '-']);
    const received: Buffer[] = [];
    streaming.child.stdout!.on('data', (bytes: Buffer) => received.push(bytes));
    expect(await streaming.ended()).toBe(0);
    expect(Buffer.concat(received).equals(content.get('models/c.bin')!)).toBe(true);
    expect(streaming.stderr).toBe('');
    const unknown = `b3:${'0'.repeat(64)}`;
    expect(await failureOf(peer, ['download', unknown])).toMatchObject({ exit: 3 });
  });

  it('does not touch what exists without --force, and replaces it whole with it', async () => {
    await using peer = await PeerHome.create(tracker);
    await writeFile(peer.file('c.bin'), 'mine');
    await writeFile(peer.file('outside'), 'outside');
    await symlink('outside', peer.file('link'));
    await mkdir(peer.file('is-folder/c.bin'), { recursive: true });
    const failures = [
      await failureOf(peer, ['download', 'models/c.bin']),
      await failureOf(peer, ['download', 'models/c.bin', '-o', 'link']),
      await failureOf(peer, ['download', 'models/c.bin', '-o', 'is-folder', '--force']),
    ];
    for (const failure of failures)
      expect(failure).toMatchObject({ code: 'TARGET_EXISTS', exit: 7 });
    expect(await readFile(peer.file('c.bin'), 'utf8')).toBe('mine');

    await peer.json(['download', 'models/c.bin', '--force']);
    await peer.json(['download', 'models/c.bin', '-o', 'link', '--force']);
    expect(await holds(peer.file('c.bin'), 'models/c.bin')).toBe(true);
    expect((await lstat(peer.file('link'))).isFile()).toBe(true);
    expect(await readFile(peer.file('outside'), 'utf8')).toBe('outside');
    expect(await readdir(peer.file('.'))).not.toContain('c.bin.part');
  });

  it('goes on with a folder of which some files are there already', async () => {
    await using peer = await PeerHome.create(tracker);
    await mkdir(peer.file('out/models'), { recursive: true });
    await peer.json(['download', 'models/c.bin', '-o', 'out/models']);
    const first = await peer.json<FullData>(['download', 'models/', '-o', 'out']);
    const again = await peer.json<FullData>(['download', 'models/', '-o', 'out']);
    const resumed = (data: FullData, name: string) =>
      data.files.find((file) => file.name === name)?.bytesResumed;
    const { sizeBytes } = first.files.find(({ name }) => name === 'models/c.bin')!;
    expect(resumed(first, 'models/llama/a.bin')).toBe(0);
    expect(resumed(again, 'models/c.bin')).toBe(sizeBytes);
    for (const file of again.files) {
      expect([file.bytesResumed, file.bytesFromPeers]).toEqual([file.sizeBytes, {}]);
    }
    expect(await readdir(peer.file('out/models'))).not.toContain('c.bin.part');
  });

  it('says which of several files failed, and keeps the others', async () => {
    await using peer = await PeerHome.create(tracker);
    await mkdir(peer.file('out'));
    await writeFile(peer.file('out/c.bin'), 'mine');
    const args = ['download', 'models/c.bin', 'models/llama/a.bin', '-o', 'out'];
    const failure = await failureOf(peer, [...args, '--exec', 'echo ran']);
    expect(failure).toMatchObject({ code: 'DONE_IN_PART', exit: 10 });
    expect(failure.data).toMatchObject({
      files: [{ name: 'models/llama/a.bin', path: peer.file('out/a.bin') }],
      failed: [{ name: 'models/c.bin', code: 'TARGET_EXISTS' }],
    });
    expect(await holds(peer.file('out/a.bin'), 'models/llama/a.bin')).toBe(true);
    await writeFile(peer.file('out/a.bin'), 'mine');
    const text = await peer.run(args);
    expect([text.exitCode, text.stdout]).toEqual([7, '']);
    // Not the first of them alone.
    expect(text.stderr).toMatch(/out\/c\.bin exists already; .*out\/a\.bin exists already/);
    expect(linesOf(text.stderr)).toHaveLength(1);
  });

  it('runs the command once, with all the paths, before it seeds', async () => {
    await using peer = await PeerHome.create(tracker);
    const command = 'printf "%s\\n" "$SHOAL_PATHS" >> paths; echo said';
    const flags = ['-o', 'out', '--exec', command, '--seed', 'forever', '--json'];
    const seeding = peer.start(['download', 'models/llama/', ...flags]);
    const paths = ['out/llama/a.bin', 'out/llama/deep/b.bin'].map((path) => peer.file(path));
    await seeding.until(() => seeding.stderr !== '');
    expect(await readFile(peer.file('paths'), 'utf8')).toBe(`${paths.join('\n')}\n`);
    expect(seeding.stderr).toBe('said\n');
    expect(JSON.parse(seeding.stdout)).toMatchObject({ ok: true });
    await eventually(async () => {
      const { seeders } = await peer.json<{ seeders: number }>(['info', 'models/llama/a.bin']);
      expect(seeders).toBe(2);
    });
    expect(await seeding.kill('SIGINT')).toBe(0);
    expect(linesOf(seeding.stdout)).toHaveLength(1);

    const failing = await peer.run([
      'download',
      'models/c.bin',
      '--exec',
      'exit 3',
      '--seed',
      '1h',
    ]);
    expect(failing.exitCode).toBe(1);
    expect(failing.stdout).toMatch(/^downloaded models\/c\.bin/);
    expect(failing.stderr).toBe('peer: --exec failed with exit code 3\n');
  });

  it('seeds for as long as it is told, then ends by itself', async () => {
    await using peer = await PeerHome.create(tracker);
    const run = await peer.run(['download', 'models/c.bin', '--seed', '100ms']);
    expect([run.exitCode, run.stderr]).toEqual([0, '']);
    const stopped = peer.start(['download', 'models/c.bin', '-o', 'x', '--seed', '1h', '--json']);
    await stopped.until(() => stopped.stdout !== '');
    expect(await stopped.kill('SIGTERM')).toBe(0);
  });

  it('reports progress as JSON with the keys that are promised', async () => {
    await using peer = await PeerHome.create(tracker);
    const flags = ['--progress', 'json', '--down', '200KiB/s', '--max-peers', '1'];
    const limited = await peer.run(['download', 'models/', ...flags]);
    expect(limited.exitCode).toBe(0);
    const events = linesOf(limited.stderr).map(
      (line) => JSON.parse(line) as Record<string, unknown>,
    );
    const keys = ['event', 'name', 'bytesDone', 'bytesTotal', 'bytesPerSecond', 'sources'];
    for (const event of events) expect(Object.keys(event)).toEqual(keys);
    for (const [name, bytes] of content) {
      const own = events.filter((event) => event['name'] === name);
      const done = own.map((event) => event['bytesDone'] as number);
      expect(done).toEqual([...done].sort((a, b) => a - b));
      expect(own.at(-1)).toMatchObject({ bytesDone: bytes.length, bytesTotal: bytes.length });
    }
    // The limit lets 256 KiB through at once: more than one look must find the rest on its way.
    expect(events.filter(({ bytesDone, bytesTotal }) => bytesDone !== bytesTotal)).not.toEqual([]);
  });
});
