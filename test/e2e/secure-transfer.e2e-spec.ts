import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatInvite, parseInvite } from '#protocol';
import { failureOf } from '../support/cli-failure.js';
import { CutProxy } from '../support/cut-proxy.js';
import type { DownloadData } from '../support/download-data.js';
import { PeerHome } from '../support/peer-home.js';
import { hashFile, writeSample } from '../support/sample-content.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';

const MIB = 1024 * 1024;
const MARKER = 'nobody on the way reads this';

describe('files between the members of a secured network', () => {
  let tracker: RunningTracker;
  beforeAll(async () => {
    tracker = await startTracker({ access: 'secured' });
  });
  afterAll(() => tracker[Symbol.asyncDispose]());

  it('go from the tracker’s machine to others, and from those on', async () => {
    await using local = await PeerHome.unconfigured(tracker.userHome);
    await using elsewhere = await PeerHome.unconfigured();
    await using further = await PeerHome.create(tracker);
    await writeSample(local.file('a.iso'), 3 * MIB + 17, 31);
    const wanted = await hashFile(local.file('a.iso'));
    const sharing = await local.serve(['share', 'a.iso']);
    expect(sharing.stdout).toMatch(/^ready 0\.0\.0\.0:\d+$/m);

    await elsewhere.json(['join', tracker.invite]);
    const seed = elsewhere.start(['download', 'a.iso', '--seed', 'forever', '--json']);
    await seed.until(() => seed.stdout.includes('\n'));
    expect(await hashFile(elsewhere.file('a.iso'))).toBe(wanted);
    expect(await elsewhere.json(['info', 'a.iso'])).toMatchObject({ seeders: 2, leechers: 0 });

    expect(await sharing.kill()).toBe(0);
    const { files } = await further.json<DownloadData>(['download', 'a.iso']);
    expect(await hashFile(files[0]!.path)).toBe(wanted);
    const status = await further.json(['status', 'a.iso']);
    expect(status).toMatchObject({ hostsDone: 3, hostsTotal: 3 });
    expect(await seed.kill()).toBe(0);
  });

  it('are offered again by a seed that starts before the tracker is back', async () => {
    await using own = await startTracker({ access: 'secured' });
    await using seeder = await PeerHome.unconfigured();
    await using leecher = await PeerHome.unconfigured();
    await writeSample(seeder.file('again.bin'), MIB, 32);
    for (const peer of [seeder, leecher]) await peer.json(['join', own.invite]);
    expect(await (await seeder.serve(['share', 'again.bin'])).kill()).toBe(0);
    await own.kill();
    await seeder.serve(['seed']);
    await own.start();
    const { files } = await leecher.json<DownloadData>(['download', 'again.bin']);
    expect(await hashFile(files[0]!.path)).toBe(await hashFile(seeder.file('again.bin')));
  });

  it('go on arriving while the tracker is away', async () => {
    await using own = await startTracker({ access: 'secured' });
    await using seeder = await PeerHome.create(own);
    await using leecher = await PeerHome.create(own);
    await writeSample(seeder.file('alone.iso'), 8 * MIB, 33);
    await seeder.serve(['share', 'alone.iso', '--up', '4MiB/s']);
    const download = leecher.start(['download', 'alone.iso', '--progress', 'json', '--json']);
    await download.until(() => /"bytesDone":[1-9]/.test(download.stderr));
    await own.kill('SIGKILL');
    expect(await download.ended()).toBe(0);
    expect(await hashFile(leecher.file('alone.iso'))).toBe(
      await hashFile(seeder.file('alone.iso')),
    );
  });

  it('are shared and fetched by the interactive client, too', async () => {
    await using alice = await PeerHome.create(tracker);
    await using bob = await PeerHome.unconfigured(tracker.userHome);
    const bytes = await writeSample(alice.file('shell.iso'), 600_000, 34);
    const first = alice.start(['shell'], { stdin: 'pipe' });
    first.child.stdin!.write('share 1 shell.iso\n');
    await first.until(() => /^ready /m.test(first.stdout));
    const second = bob.start(['shell'], { stdin: 'pipe' });
    second.child.stdin!.write('show\ndownload shell.iso\n');
    await second.until(() => /^downloaded shell\.iso /m.test(second.stdout));
    expect((await readFile(bob.file('shell.iso'))).equals(bytes)).toBe(true);
    for (const shell of [first, second]) {
      shell.child.stdin!.end('exit\n');
      expect(await shell.ended()).toBe(0);
    }
  });
});

describe('what somebody on the way sees', () => {
  /** All bytes to and from a tracker, and between two peers, of one file with a telling content. */
  async function tappedTransfer(
    access: 'open' | 'secured',
  ): Promise<Record<'tracker' | 'peer', Buffer>> {
    const atTracker: Buffer[] = [];
    const atPeer: Buffer[] = [];
    await using tracker = await startTracker({ access });
    await using toTracker = await CutProxy.open(tracker.address, (bytes) => atTracker.push(bytes));
    await using toSeeder = await CutProxy.open({ host: '127.0.0.2' }, (bytes) =>
      atPeer.push(bytes),
    );
    const throughProxy = { host: '127.0.0.1', port: toTracker.port };
    const way =
      access === 'open'
        ? toTracker.url
        : formatInvite({ ...parseInvite(tracker.invite), tracker: throughProxy });
    await using seeder = await PeerHome.create(tracker);
    await using leecher = await PeerHome.create(tracker);
    await writeFile(seeder.file('telling-name.txt'), MARKER.repeat(1_000));
    const listen = ['--listen', `127.0.0.2:${toSeeder.port}`, '--advertise', toSeeder.url];
    const env = { SHOAL_TRACKER: way };
    await seeder.serve(['share', 'telling-name.txt', ...listen], { env });
    await leecher.json(['download', 'telling-name.txt'], { env });
    return { tracker: Buffer.concat(atTracker), peer: Buffer.concat(atPeer) };
  }

  it('is neither names nor content', async () => {
    const { tracker, peer } = await tappedTransfer('secured');
    expect(tracker.includes('telling-name')).toBe(false);
    expect(peer.length).toBeGreaterThan(MARKER.length * 1_000);
    expect(peer.includes(MARKER)).toBe(false);
  });

  it('is all of it without encryption', async () => {
    const { tracker, peer } = await tappedTransfer('open');
    expect(tracker.includes('telling-name')).toBe(true);
    expect(peer.includes(MARKER)).toBe(true);
  });
});

describe('one that is secured and one that is not', () => {
  it('do not talk to each other, and say why', async () => {
    await using secured = await startTracker({ access: 'secured' });
    await using open = await startTracker();
    await using peer = await PeerHome.unconfigured();
    const atOpen = formatInvite({ ...parseInvite(secured.invite), tracker: open.address });
    for (const command of [
      ['join', atOpen],
      ['list', '--tracker', atOpen],
    ]) {
      const failure = await failureOf(peer, command);
      expect(failure).toMatchObject({ code: 'TRACKER_UNREACHABLE', exit: 5 });
      expect(failure.message).toMatch(/is it run with --insecure\?/);
    }
    const plain = ['list', '--insecure', '--tracker', secured.url];
    const failure = await failureOf(peer, plain);
    expect(failure).toMatchObject({ code: 'TRACKER_UNREACHABLE', exit: 5 });
    expect(failure.message).toMatch(/a secured tracker takes an invite, not --insecure/);
    expect(await failureOf(peer, ['join', secured.invite, '--insecure'])).toMatchObject({
      exit: 2,
    });
  });
});
