import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DownloadData } from '../support/download-data.js';
import { failureOf } from '../support/cli-failure.js';
import { PeerHome } from '../support/peer-home.js';
import { writeSample } from '../support/sample-content.js';
import { SecuredTracker } from '../support/secured-tracker.js';

interface DoctorChecks {
  readonly checks: readonly { readonly name: string; readonly state: string }[];
}

describe('members and what they may do', () => {
  let secured: SecuredTracker;
  beforeAll(async () => {
    // A heartbeat a second: what is revoked is heard of soon.
    secured = await SecuredTracker.start(['--lease', '3s']);
  });
  afterAll(() => secured[Symbol.asyncDispose]());

  async function inviteOf(...terms: string[]): Promise<string> {
    const { stdout } = await secured.run('invite', ...terms, '--json');
    return (JSON.parse(stdout) as { data: { invite: string } }).data.invite;
  }

  async function joined(peer: PeerHome, invite: string): Promise<string> {
    return (await peer.json<{ identity: string }>(['join', invite])).identity;
  }

  it('lets a reader download and seed, but register no names', async () => {
    await using publisher = await PeerHome.unconfigured(secured.tracker.userHome);
    await using reader = await PeerHome.unconfigured();
    await using other = await PeerHome.create(secured.tracker);
    const bytes = await writeSample(publisher.file('read.bin'), 300_000, 41);
    const sharing = await publisher.serve(['share', 'read.bin']);
    const run = await reader.run(['join', await inviteOf('--role', 'reader')]);
    expect(run.stdout).toMatch(/ as reader: this home may download and seed$/m);

    const args = ['download', 'read.bin', '--seed', 'forever', '--json'];
    const seeding = reader.start(args);
    await seeding.until(() => seeding.stdout.includes('\n'));
    await sharing.kill();
    await other.json(['download', 'read.bin']);
    expect((await readFile(other.file('read.bin'))).equals(bytes)).toBe(true);

    await writeSample(reader.file('mine.bin'), 10, 42);
    const failure = await failureOf(reader, ['share', 'mine.bin']);
    expect(failure).toMatchObject({ code: 'NOT_ALLOWED', exit: 8 });
    expect(failure.message).toMatch(/^mine\.bin: .*reader/);
  });

  it('lets as many join by an invite as it says, and no more', async () => {
    await using first = await PeerHome.unconfigured();
    await using second = await PeerHome.unconfigured();
    const invite = await inviteOf('--uses', '1');
    const identity = await joined(first, invite);
    expect(await joined(first, invite)).toBe(identity);
    const failure = await failureOf(second, ['join', invite]);
    expect(failure).toMatchObject({ code: 'INVITE_USED_UP', exit: 8 });
    expect(failure.message).toMatch(/ask its operator for a new one/);
  });

  it('refuses one who is revoked, at the tracker and at the others, until a new invite', async () => {
    await using seeder = await PeerHome.unconfigured();
    await using leecher = await PeerHome.create(secured.tracker);
    await writeSample(seeder.file('left.bin'), 300_000, 43);
    const identity = await joined(seeder, secured.tracker.invite);
    const sharing = await seeder.serve(['share', 'left.bin']);
    expect(await leecher.json(['info', 'left.bin'])).toMatchObject({ seeders: 1 });

    expect((await secured.run('token', 'revoke', identity)).exitCode).toBe(0);

    for (const command of [['list'], ['download', 'left.bin', '-o', 'x'], ['share', 'left.bin']]) {
      const failure = await failureOf(seeder, command);
      expect([command[0], failure]).toMatchObject([
        command[0],
        { code: 'MEMBER_REVOKED', exit: 8 },
      ]);
      expect(failure.message).toMatch(/was revoked: only a new invite of its operator helps/);
    }
    await sharing.until(() => /membership of this home was revoked/.test(sharing.stderr));
    const fetching = await leecher.run(['download', 'left.bin', '--timeout', '2s']);
    expect(fetching.exitCode).toBe(6);

    await joined(seeder, await inviteOf());
    expect(await seeder.json(['list'])).toMatchObject({ total: expect.any(Number) as number });
    const { files } = await leecher.json<DownloadData>(['download', 'left.bin']);
    expect(files[0]!.sizeBytes).toBe(300_000);
  });

  it('are told by the doctor what they are', async () => {
    await using peer = await PeerHome.unconfigured();
    const invite = await inviteOf('--role', 'admin', '--group', 'red');
    const identity = await joined(peer, invite);
    const { checks } = await peer.json<DoctorChecks>(['doctor']);
    expect(checks.map(({ name }) => name)).toEqual([
      'version',
      'native',
      'disk',
      'tracker',
      'membership',
      'clock',
      'reachability',
    ]);
    expect(checks).toContainEqual({
      name: 'membership',
      state: 'ok',
      message: `${identity} is a member: admin, groups red`,
      advice: null,
    });
    expect(checks.at(-1)).toMatchObject({ name: 'reachability', state: 'ok' });
    const elsewhere = ['doctor', '--advertise', '127.0.0.1:1'];
    const unreachable = await peer.json<DoctorChecks>(elsewhere);
    expect(unreachable.checks.at(-1)).toEqual({
      name: 'reachability',
      state: 'warning',
      message: 'the tracker could not connect to this peer at 127.0.0.1:1',
      advice: expect.stringContaining('--advertise HOST:PORT') as string,
    });
    await secured.run('token', 'revoke', identity);
    const failure = await failureOf(peer, ['doctor']);
    expect(failure).toMatchObject({
      code: 'MEMBER_REVOKED',
      exit: 8,
      data: {
        checks: expect.arrayContaining(
          [{ name: 'tracker', state: 'ok' }].map(
            (check) => expect.objectContaining(check) as object,
          ),
        ) as object[],
      },
    });
  });
});
