import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf } from '../support/cli-failure.js';
import type { DownloadData } from '../support/download-data.js';
import { eventually } from '../support/eventually.js';
import { PeerHome } from '../support/peer-home.js';
import { hashFile, writeSample } from '../support/sample-content.js';
import { SecuredTracker } from '../support/secured-tracker.js';

interface ListData {
  readonly total: number;
  readonly files: readonly { readonly name: string; readonly digest: string }[];
}

async function namesSeenBy(peer: PeerHome): Promise<string[]> {
  const { total, files } = await peer.json<ListData>(['list']);
  expect(total).toBe(files.length);
  return files.map(({ name }) => name);
}

describe('peer share --allow', () => {
  let secured: SecuredTracker;
  /** A publisher in no group; members of red, of blue, and of none. */
  let owner: PeerHome;
  let red: PeerHome;
  let blue: PeerHome;
  let nobody: PeerHome;
  beforeAll(async () => {
    secured = await SecuredTracker.start();
    owner = await PeerHome.unconfigured(secured.tracker.userHome);
    [red, blue, nobody] = await Promise.all([memberOf('red'), memberOf('blue'), memberOf()]);
  });
  afterAll(async () => {
    for (const peer of [owner, red, blue, nobody]) await peer[Symbol.asyncDispose]();
    await secured[Symbol.asyncDispose]();
  });

  async function memberOf(...groups: string[]): Promise<PeerHome> {
    const flags = groups.flatMap((group) => ['--group', group]);
    const { stdout } = await secured.run('invite', ...flags);
    const peer = await PeerHome.unconfigured();
    await peer.json(['join', stdout.trim()]);
    return peer;
  }

  it('gives a name to the members of its groups alone; for others there is no such name', async () => {
    await writeSample(owner.file('plan.bin'), 300_000, 51);
    await writeSample(owner.file('open.bin'), 1_000, 52);
    const allow = ['--allow', 'red', '--allow', 'green'];
    await owner.serve(['share', ...allow, 'plan.bin']);
    await owner.serve(['share', 'open.bin']);
    for (const peer of [owner, red]) {
      expect(await namesSeenBy(peer)).toEqual(['open.bin', 'plan.bin']);
    }
    expect(await red.json(['info', 'plan.bin'])).toMatchObject({ restricted: true });
    expect(await red.json(['info', 'open.bin'])).not.toHaveProperty('restricted');
    const text = await red.run(['info', 'plan.bin']);
    expect(text.stdout).toMatch(/^access +for members of some groups only$/m);
    const { files } = await red.json<DownloadData>(['download', 'plan.bin']);
    expect(await hashFile(files[0]!.path)).toBe(await hashFile(owner.file('plan.bin')));

    await writeSample(blue.file('plan.bin'), 10, 53);
    for (const peer of [blue, nobody]) {
      expect(await namesSeenBy(peer)).toEqual(['open.bin']);
    }
    for (const ref of ['plan.bin', files[0]!.digest]) {
      const asking = [
        ['info', ref],
        ['status', ref],
        ['download', ref, '-o', 'x'],
        ['unshare', ref, '--purge'],
        ['verify', 'plan.bin', ref],
      ];
      for (const command of asking) {
        const failure = await failureOf(blue, command);
        expect([command[0], failure]).toMatchObject([
          command[0],
          { code: 'FILE_NOT_FOUND', exit: 3 },
        ]);
      }
    }
    const taken = await failureOf(blue, ['share', 'plan.bin']);
    expect(taken).toMatchObject({ code: 'NAME_TAKEN', exit: 8 });
  });

  it('is kept when the file is served again to a tracker that has forgotten it', async () => {
    // A heartbeat a second: that the tracker is another one is noticed soon.
    await using own = await SecuredTracker.start(['--lease', '3s']);
    await using seeder = await PeerHome.unconfigured(own.tracker.userHome);
    await using stranger = await PeerHome.create(own.tracker);
    await writeSample(seeder.file('kept.bin'), 1_000, 54);
    await writeSample(seeder.file('open.bin'), 1_000, 55);
    await seeder.serve(['share', '--allow', 'red', 'kept.bin']);
    await seeder.serve(['share', 'open.bin']);
    expect(await namesSeenBy(stranger)).toEqual(['open.bin']);
    await own.tracker.kill('SIGKILL');
    for (const end of ['', '-wal', '-shm']) {
      await rm(`${own.tracker.databasePath}${end}`, { force: true });
    }
    await own.tracker.start();
    await eventually(async () => {
      expect(await namesSeenBy(seeder)).toEqual(['kept.bin', 'open.bin']);
    });
    expect(await namesSeenBy(stranger)).toEqual(['open.bin']);
  });
});
