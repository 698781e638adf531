import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatInvite, parseInvite, parseIdentity, parseInviteToken, type Invite } from '#protocol';
import { failureOf } from '../support/cli-failure.js';
import { PeerHome } from '../support/peer-home.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';

interface Joined {
  readonly tracker: string;
  readonly fingerprint: string;
  readonly identity: string;
  readonly role: string;
  readonly groups: readonly string[];
}

describe('joining a network that is secured', () => {
  let tracker: RunningTracker;
  beforeAll(async () => {
    tracker = await startTracker({ access: 'secured' });
  });
  afterAll(() => tracker[Symbol.asyncDispose]());

  const changed = (change: Partial<Invite>) =>
    formatInvite({ ...parseInvite(tracker.invite), ...change });
  const wrongToken = () => changed({ token: parseInviteToken('a'.repeat(26)) });
  const wrongFingerprint = () => changed({ fingerprint: parseIdentity('a'.repeat(32)) });

  it('is not needed by the user who runs the tracker', async () => {
    await using peer = await PeerHome.unconfigured(tracker.userHome);
    expect(await peer.json(['list'])).toMatchObject({ total: 0 });
    expect((await peer.run(['status', 'nothing'])).exitCode).toBe(3);
  });

  it('is one command elsewhere, and remembered', async () => {
    await using peer = await PeerHome.unconfigured();
    const before = await failureOf(peer, ['list']);
    expect(before).toMatchObject({ code: 'USAGE', exit: 2 });
    expect(before.message).toContain('peer join shoal://');

    const { stdout, stderr, exitCode } = await peer.run(['join', tracker.invite]);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^joined the network at \S+ as publisher: .*download, seed and share\n$/,
    );
    expect(await peer.json(['list'])).toMatchObject({ total: 0 });
    expect(await peer.json(['list', '--tracker', tracker.url])).toMatchObject({ total: 0 });
  });

  it('says as JSON who joined what, as what', async () => {
    await using peer = await PeerHome.unconfigured();
    const { identity, ...joined } = await peer.json<Joined>(['join', tracker.invite]);
    const { fingerprint } = parseInvite(tracker.invite);
    expect(joined).toEqual({ tracker: tracker.url, fingerprint, role: 'publisher', groups: [] });
    expect(await peer.json(['join', tracker.invite])).toEqual({ ...joined, identity });
  });

  it('leaves what is secret for its owner alone, and shows it nowhere', async () => {
    await using peer = await PeerHome.unconfigured();
    const runs = [
      await peer.run(['join', tracker.invite, '--verbose']),
      await peer.run(['join', tracker.invite, '--json']),
      await peer.run(['list', '--json']),
      await peer.run(['list', '--tracker', wrongToken(), tracker.invite, '--json']),
      await peer.run([tracker.invite]),
      await peer.run(['join', tracker.invite, tracker.invite]),
      await peer.run(['doctor', '--tracker', wrongFingerprint()]),
    ];
    const key = await readFile(join(peer.home, 'identity.key'), 'utf8');
    const secrets = [
      parseInvite(tracker.invite).token,
      parseInvite(wrongToken()).token,
      key.split('\n')[1]!,
    ];
    for (const { stdout, stderr } of runs) {
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
    }
    for (const name of ['identity.key', 'certificate.pem', 'networks.json']) {
      expect([name, (await stat(join(peer.home, name))).mode & 0o777]).toEqual([name, 0o600]);
    }
    expect(await readFile(join(peer.home, 'networks.json'), 'utf8')).toContain(secrets[0]);
  });

  it.concurrent.each([
    ['an address alone', () => tracker.url, 'NOT_A_MEMBER', /is not a member .* peer join shoal:/],
    ['a wrong token', wrongToken, 'INVITE_UNKNOWN', /the invite is not known .* ask its operator/],
    ['a wrong fingerprint', wrongFingerprint, 'WRONG_IDENTITY', /not the tracker that the invite/],
    ['a token cut short', () => changed({}).replace(/.{9}#/, '#'), 'INVALID_INVITE', /the token/],
    ['a fingerprint cut short', () => changed({}).slice(0, -1), 'INVALID_INVITE', /fingerprint/],
  ] as const)('is refused with what to do, given %s', async (_what, wish, code, message) => {
    await using peer = await PeerHome.unconfigured();
    await writeFile(peer.file('a.bin'), 'a');
    const commands = [
      ['list'],
      ['share', 'a.bin'],
      ['download', 'a'],
      ['unshare', 'a'],
      ['doctor'],
    ];
    for (const command of commands) {
      const failure = await failureOf(peer, [...command, '--tracker', wish()]);
      expect([command[0], failure]).toMatchObject([command[0], { code, exit: 8 }]);
      expect(failure.message).toMatch(message);
    }
    const { exitCode, stderr } = await peer.run(['info', 'a', '--tracker', wish()]);
    expect([exitCode, stderr]).toEqual([8, expect.stringMatching(message)]);
    if (code === 'NOT_A_MEMBER') return;
    const failure = await failureOf(peer, ['join', wish()]);
    expect(failure).toMatchObject({ code, exit: 8 });
    expect(failure.message).toMatch(message);
    await expect(readFile(join(peer.home, 'networks.json'))).rejects.toThrow('ENOENT');
  });

  it('lasts when the tracker has forgotten everything but its key', async () => {
    await using forgetful = await startTracker({ access: 'secured' });
    await using peer = await PeerHome.unconfigured();
    await peer.json(['join', forgetful.invite]);
    await forgetful.kill();
    for (const end of ['', '-wal', '-shm']) {
      await rm(`${forgetful.databasePath}${end}`, { force: true });
    }
    await forgetful.start();
    expect(await peer.json(['list'])).toMatchObject({ total: 0 });
  });
});
