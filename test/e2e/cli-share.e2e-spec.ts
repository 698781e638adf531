import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, linesOf } from '../support/cli-failure.js';
import { eventually } from '../support/eventually.js';
import { PeerHome } from '../support/peer-home.js';
import { sampleBytes, writeSample } from '../support/sample-content.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';

interface ReadyEvent {
  readonly event: string;
  readonly listen: string;
  readonly files: readonly {
    readonly name: string;
    readonly digest: string;
    readonly sizeBytes: number;
    readonly chunkBytes: number;
    readonly chunkCount: number;
  }[];
}

interface ListData {
  readonly total: number;
  readonly files: readonly { readonly name: string; readonly digest: string }[];
}

const KIB = 1024;

describe('peer share', () => {
  let tracker: RunningTracker;
  beforeAll(async () => {
    tracker = await startTracker();
  });
  afterAll(async () => {
    await tracker[Symbol.asyncDispose]();
  });

  const namesUnder = async (peer: PeerHome, prefix: string) =>
    (await peer.json<ListData>(['list', prefix])).files.map(({ name }) => name);

  it('prints a line for each file, then where it listens, and nothing else', async () => {
    await using peer = await PeerHome.create(tracker);
    await writeSample(peer.file('plain.bin'), 1536 * KIB, 1);
    await writeSample(peer.file('empty.bin'), 0, 1);
    const sharing = await peer.serve(['share', 'plain.bin', 'empty.bin']);
    const lines = linesOf(sharing.stdout);
    expect(lines[0]).toMatch(/^sharing empty\.bin b3:[0-9a-f]{64} 0B$/);
    expect(lines[1]).toMatch(/^sharing plain\.bin b3:[0-9a-f]{64} 1\.50MiB$/);
    expect(lines[2]).toMatch(/^ready 127\.0\.0\.1:\d+$/);
    expect(lines).toHaveLength(3);
    expect(await sharing.kill('SIGINT')).toBe(0);
    expect(sharing.stderr).toBe('');
  });

  it('gives the same as one JSON object', async () => {
    await using peer = await PeerHome.create(tracker);
    await writeSample(peer.file('json.bin'), 600 * KIB, 2);
    const sharing = await peer.serve(['share', 'json.bin', '--json']);
    expect(await sharing.kill('SIGTERM')).toBe(0);
    expect([linesOf(sharing.stdout).length, sharing.stderr]).toEqual([1, '']);
    const ready = JSON.parse(sharing.stdout) as ReadyEvent;
    expect(ready).toEqual({
      event: 'ready',
      listen: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
      files: [
        {
          name: 'json.bin',
          digest: expect.stringMatching(/^b3:[0-9a-f]{64}$/) as string,
          sizeBytes: 600 * KIB,
          chunkBytes: 256 * KIB,
          chunkCount: 3,
        },
      ],
    });
  });

  it('names files by --name and --prefix, and folders by their real name', async () => {
    await using peer = await PeerHome.create(tracker);
    await mkdir(peer.file('build/inner'), { recursive: true });
    await writeSample(peer.file('build/a.bin'), 10, 3);
    await writeSample(peer.file('build/inner/b.bin'), 11, 3);
    await writeSample(peer.file('c.bin'), 12, 3);
    await symlink('a.bin', peer.file('build/link.bin'));

    const several = await peer.serve(['share', 'build', 'c.bin', '--prefix', 'many/v1']);
    const names = ['build/a.bin', 'build/inner/b.bin', 'build/link.bin', 'c.bin'];
    expect(await namesUnder(peer, 'many/')).toEqual(names.map((name) => `many/v1/${name}`));
    await several.kill();
    const dot = await peer.serve(['share', '.', '--prefix', 'dot/'], { cwd: peer.file('build') });
    expect(await namesUnder(peer, 'dot/')).toContain('dot/build/inner/b.bin');
    await dot.kill();
    const named = await peer.serve(['share', 'c.bin', '--name', 'other/name.bin', '--prefix', 'p']);
    expect(named.stdout).toContain('sharing p/other/name.bin b3:');
    await named.kill();

    const failures = [
      await failureOf(peer, ['share', 'build', '--name', 'x']),
      await failureOf(peer, ['share', 'c.bin', 'build/a.bin', '--name', 'x']),
    ];
    expect(failures.map(({ exit }) => exit)).toEqual([2, 2]);
  });

  it('listens where it is told, and tells others what it is told', async () => {
    await using peer = await PeerHome.create(tracker);
    await writeSample(peer.file('where.bin'), 10, 4);
    const flags = ['--listen', '127.0.0.2:0', '--advertise', '127.0.0.3:4321', '--up', '1MiB/s'];
    const sharing = await peer.serve(['share', 'where.bin', ...flags]);
    expect(sharing.stdout).toMatch(/^ready 127\.0\.0\.2:\d+$/m);
    const info = await peer.json<{ locations: unknown[] }>(['info', 'where.bin']);
    expect(info.locations).toMatchObject([{ host: '127.0.0.3', port: 4321, complete: true }]);
  });

  it('refuses names that are not safe everywhere', async () => {
    await using peer = await PeerHome.create(tracker);
    await writeSample(peer.file('fine.bin'), 10, 5);
    const bad = [
      ...['../up', '/abs', 'a//b', 'a/./b', 'a/..', 'back\\slash', 'nul/x', 'COM1.txt', 'a/'],
      ...['tab\t', 'bell\u0007', 'c1\u009b', 'turn\u202e', 'dot.', 'x'.repeat(256), 'a:b', ''],
      'deep/'.repeat(204) + 'longer',
    ];
    const failures = await Promise.all(
      bad.map((name) => failureOf(peer, ['share', 'fine.bin', '--name', name])),
    );
    expect(failures.map(({ code, exit }) => [code, exit])).toEqual(
      bad.map(() => ['INVALID_NAME', 8]),
    );
    await rename(peer.file('fine.bin'), peer.file('line\nbreak.bin'));
    const failure = await failureOf(peer, ['share', 'line\nbreak.bin']);
    expect(failure).toMatchObject({ code: 'INVALID_NAME', exit: 8 });
    expect(failure.message).toMatch(/^[ -~]+$/);
  });

  it('has one name for what Unicode writes in two ways', async () => {
    await using peer = await PeerHome.create(tracker);
    const [decomposed, composed] = ['cafe\u0301 日本.bin', 'caf\u00e9 日本.bin'];
    await writeSample(peer.file(decomposed), 100, 6);
    const sharing = await peer.serve(['share', decomposed]);
    expect(sharing.stdout).toContain(`sharing ${composed} b3:`);
    await using other = await PeerHome.create(tracker);
    await other.json(['download', decomposed, '-o', 'decomposed.bin']);
    await other.json(['download', composed]);
    expect((await readFile(other.file(composed))).equals(sampleBytes(100, 6))).toBe(true);
    expect(await namesUnder(other, 'cafe\u0301')).toEqual([composed]);
    await peer.json(['unshare', decomposed, '--purge']);
    await sharing.until(() => sharing.stderr !== '');
    expect(await namesUnder(other, 'caf')).toEqual([]);
  });

  it('refuses what is not there, not a file, or not to be read', async () => {
    await using peer = await PeerHome.create(tracker);
    await mkdir(peer.file('folder'));
    await mkdir(peer.file('empty'));
    await writeSample(peer.file('secret'), 10, 7);
    await writeSample(peer.file('folder/file'), 10, 7);
    await symlink('../secret', peer.file('folder/out'));
    await symlink('loop', peer.file('loop'));
    const share = async (path: string) => {
      const { code, exit } = await failureOf(peer, ['share', path]);
      return [code, exit];
    };
    expect(await share('missing.bin')).toEqual(['PATH_NOT_FOUND', 2]);
    expect(await share('secret/below')).toEqual(['PATH_NOT_FOUND', 2]);
    expect(await share('/dev/null')).toEqual(['USAGE', 2]);
    expect(await share('empty')).toEqual(['USAGE', 2]);
    expect(await share('/proc/self/cmdline')).toEqual(['USAGE', 2]);
    expect(await share('loop')).toEqual(['DISK_FAILED', 7]);
    expect(await share('folder')).toEqual(['OUTSIDE_FOLDER', 8]);
    expect(await namesUnder(peer, 'folder/')).toEqual([]);
  });

  it('does not move a taken name, except to a new version, and keeps the old one', async () => {
    await using first = await PeerHome.create(tracker);
    await using second = await PeerHome.create(tracker);
    const old = await writeSample(first.file('app.bin'), 300 * KIB, 8);
    const fresh = await writeSample(second.file('app.bin'), 300 * KIB, 9);
    await writeSample(second.file('beside.bin'), 10, 9);
    const sharing = await first.serve(['share', 'app.bin', '--json']);
    const digest = (JSON.parse(sharing.stdout) as ReadyEvent).files[0]!.digest;

    const failure = await failureOf(second, ['share', 'app.bin', 'beside.bin']);
    expect(failure).toMatchObject({ code: 'NAME_TAKEN', exit: 8 });
    const same = await first.serve(['share', 'app.bin']);
    await same.kill();

    await second.serve(['share', 'app.bin', '--new-version']);
    await using leecher = await PeerHome.create(tracker);
    await leecher.json(['download', 'app.bin']);
    await leecher.json(['download', digest, '-o', 'old.bin']);
    expect((await readFile(leecher.file('app.bin'))).equals(fresh)).toBe(true);
    expect((await readFile(leecher.file('old.bin'))).equals(old)).toBe(true);
    const restarted = await first.serve(['seed']);
    expect(restarted.stdout).toContain(`sharing app.bin ${digest}`);
    expect((await leecher.json<{ digest: string }>(['info', 'app.bin'])).digest).not.toBe(digest);
  });

  it('lists by whatever names begin with', async () => {
    await using peer = await PeerHome.create(tracker);
    await mkdir(peer.file('config'));
    for (const name of ['config/a', 'config/b', 'v1.2', 'v10']) {
      await writeFile(peer.file(name), name);
    }
    await peer.serve(['share', 'config', 'v1.2', 'v10', '--prefix', 'begin']);
    expect(await namesUnder(peer, 'begin/con')).toEqual(['begin/config/a', 'begin/config/b']);
    expect(await namesUnder(peer, 'begin/config/')).toHaveLength(2);
    expect(await namesUnder(peer, 'begin/v1')).toEqual(['begin/v1.2', 'begin/v10']);
    expect(await namesUnder(peer, 'begin/v1.')).toEqual(['begin/v1.2']);
    expect(await namesUnder(peer, 'begin/nothing')).toEqual([]);
    expect(await failureOf(peer, ['list', '../begin'])).toMatchObject({ exit: 8 });
    const shown = await peer.run(['show', 'begin/v1.']);
    expect(linesOf(shown.stdout)).toHaveLength(3);
    expect(shown.stdout).toMatch(
      /^NAME +SIZE +SEEDERS +LEECHERS\nbegin\/v1\.2 +4B +1 +0\n1 file\n$/,
    );
  });

  it('ends with 0 when it is stopped before it serves', async () => {
    await using peer = await PeerHome.create(tracker);
    await writeSample(peer.file('part.bin'), 10, 1);
    const before = peer.start(['share', 'part.bin', '--tracker', tracker.url]);
    await eventually(() => readFile(`${peer.home}/identity.key`));
    expect(await before.kill('SIGTERM')).toBe(0);
  });
});
