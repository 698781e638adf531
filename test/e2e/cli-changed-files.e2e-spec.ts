import { open, readFile, rename, rm, stat, truncate, utimes } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChildProgram } from '../support/child-program.js';
import { failureOf, linesOf } from '../support/cli-failure.js';
import { eventually } from '../support/eventually.js';
import { PeerHome } from '../support/peer-home.js';
import { writeSample } from '../support/sample-content.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';

const CHUNK_BYTES = 256 * 1024;
const FILE_BYTES = 4 * CHUNK_BYTES + 99;

describe('a file that changes while it is shared', () => {
  let tracker: RunningTracker;
  let onlooker: PeerHome;
  beforeAll(async () => {
    tracker = await startTracker();
    onlooker = await PeerHome.create(tracker);
  });
  afterAll(async () => {
    await onlooker[Symbol.asyncDispose]();
    await tracker[Symbol.asyncDispose]();
  });

  async function overwrite(path: string, offsetBytes: number): Promise<void> {
    const handle = await open(path, 'r+');
    await handle.write(Buffer.from('changed'), 0, 7, offsetBytes);
    await handle.close();
  }

  async function withdrawn(sharing: ChildProgram, name: string): Promise<void> {
    await sharing.until(() => sharing.stderr.includes(`withdrawn ${name}: `));
    expect(linesOf(sharing.stderr)).toHaveLength(1);
    await eventually(async () => {
      const info = await onlooker.json<{ seeders: number; locations: unknown[] }>(['info', name]);
      expect([info.seeders, info.locations]).toEqual([0, []]);
    });
  }

  it.concurrent.each([
    ['grows', (path: string) => overwrite(path, FILE_BYTES)],
    ['shrinks', (path: string) => truncate(path, FILE_BYTES - 1)],
    ['is written to', (path: string) => overwrite(path, 5)],
    ['is removed', (path: string) => rm(path)],
    [
      'is replaced',
      async (path: string) => {
        await writeSample(`${path}.new`, FILE_BYTES, 77);
        const { atime, mtime } = await stat(path);
        await utimes(`${path}.new`, atime, mtime);
        await rename(`${path}.new`, path);
      },
    ],
  ] as const)('is withdrawn when it %s, and the others stay', async (what, change) => {
    await using peer = await PeerHome.create(tracker);
    const name = `${what.replaceAll(' ', '-')}.bin`;
    await writeSample(peer.file(name), FILE_BYTES, 1);
    await writeSample(peer.file(`other-${name}`), 1_000, what.length);
    const sharing = await peer.serve(['share', name, `other-${name}`]);
    await change(peer.file(name));
    await withdrawn(sharing, name);
    const failure = await failureOf(onlooker, ['download', name, '--timeout', '2s']);
    expect(failure).toMatchObject({ code: 'NO_SOURCE', exit: 6 });
    await onlooker.json(['download', `other-${name}`]);
    expect(await sharing.kill('SIGTERM')).toBe(0);
    const seeding = await peer.serve(['seed']);
    expect(seeding.stdout).not.toContain(`sharing ${name}`);
    expect(seeding.stderr).toMatch(/^not serving \S+: .*\n$/);
  });

  it('never serves a stale chunk, not even with the old time and size', async () => {
    await using peer = await PeerHome.create(tracker);
    await using leecher = await PeerHome.create(tracker);
    const name = 'disguised.bin';
    const path = peer.file(name);
    const bytes = await writeSample(path, FILE_BYTES, 2);
    // Whole seconds: finer times cannot be put back exactly.
    await utimes(path, 1_700_000_000, 1_700_000_000);
    const sharing = await peer.serve(['share', name]);
    const flags = ['--timeout', '3s', '--progress', 'json', '--down', '600KiB/s'];
    await overwrite(path, 3 * CHUNK_BYTES + 10);
    await utimes(path, 1_700_000_000, 1_700_000_000);

    const download = await leecher.run(['download', name, ...flags, '--json']);
    expect(download.exitCode).toBe(6);
    await withdrawn(sharing, name);
    await expect(stat(leecher.file(name))).rejects.toThrow('ENOENT');

    // With the right content back, what was proven is kept and the rest is fetched.
    await writeSample(path, FILE_BYTES, 2);
    await peer.serve(['share', name]);
    await leecher.json(['download', name]);
    expect((await readFile(leecher.file(name))).equals(bytes)).toBe(true);
  });

  it('does not harm a download that is under way', async () => {
    await using peer = await PeerHome.create(tracker);
    await using leecher = await PeerHome.create(tracker);
    const name = 'under-way.bin';
    const bytes = await writeSample(peer.file(name), 2 * FILE_BYTES, 3);
    const sharing = await peer.serve(['share', name, '--up', '300KiB/s']);
    const flags = ['--timeout', '4s', '--progress', 'json', '--json'];
    const download = leecher.start(['download', name, ...flags]);
    await download.until(() => /"bytesDone":[1-9]/.test(download.stderr));
    await writeSample(peer.file(name), 2 * FILE_BYTES, 4);
    await withdrawn(sharing, name);
    expect(await download.ended()).toBe(6);

    await writeSample(peer.file(name), 2 * FILE_BYTES, 3);
    await peer.serve(['share', name]);
    type Data = { files: { bytesResumed: number; chunksRejected: number }[] };
    const { files } = await leecher.json<Data>(['download', name]);
    expect(files[0]!.bytesResumed).toBeGreaterThan(0);
    expect(files[0]!.chunksRejected).toBe(0);
    expect((await readFile(leecher.file(name))).equals(bytes)).toBe(true);
  });
});
