import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf } from '../support/cli-failure.js';
import { PeerHome } from '../support/peer-home.js';
import { writeSample } from '../support/sample-content.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';

const NOBODY = '127.0.0.1:1';

describe('the command line of the peer', () => {
  let tracker: RunningTracker;
  let peer: PeerHome;
  beforeAll(async () => {
    tracker = await startTracker();
    peer = await PeerHome.create(tracker);
  });
  afterAll(async () => {
    await peer[Symbol.asyncDispose]();
    await tracker[Symbol.asyncDispose]();
  });

  it('explains itself', async () => {
    for (const args of [[], ['--help'], ['-h'], ['download', '--help'], ['download', '-h']]) {
      const { exitCode, stdout, stderr } = await peer.run(args);
      expect([exitCode, stderr]).toEqual([0, '']);
      expect(stdout).toContain('USAGE');
    }
    const { exitCode, stdout } = await peer.run(['--version']);
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/\d+\.\d+\.\d+/)]);
  });

  it.concurrent.each([
    ['an unknown command', ['fetch', 'x'], /no command "fetch"/],
    ['a flag before the command', ['--nope'], /which command/],
    ['no command', [], /which command/],
    ['an unknown flag', ['list', '--nope'], /--nope/],
    ['a missing name', ['download'], /name/],
    ['a missing path', ['share'], /path/],
    ['a name too many', ['info', 'a', 'b'], /b/],
    [
      'a bad rate',
      ['download', 'x', '--up', 'fast'],
      /^--up: "fast" is not a rate such as 10MiB\/s$/,
    ],
    ['a rate without a unit', ['download', 'x', '--down', '5'], /^--down: "5" is not a rate/],
    ['no rate at all', ['download', 'x', '--down', '0'], /^--down: "0" is not a rate/],
    ['a bad duration', ['download', 'x', '--timeout', '5'], /^--timeout: "5" is not a duration/],
    ['a bad time to seed', ['download', 'x', '--seed', 'soon'], /"soon" is not none, forever or/],
    ['a bad count', ['download', 'x', '--max-peers', '0'], /max-peers/],
    [
      'a bad address',
      ['share', '.', '--listen', 'nowhere'],
      /^--listen: "nowhere" is not HOST:PORT$/,
    ],
    ['a bad tracker', ['list', '--tracker', 'here'], /"here" is not HOST:PORT/],
    ['a way to show progress that is none', ['download', 'x', '--progress', 'loud'], /loud/],
    ['several files to one stream', ['download', 'x', 'y', '-o', '-'], /one file/],
    ['a stream that should be seeded', ['download', 'x', '-o', '-', '--seed', '1s'], /--seed/],
    ['a stream and a command', ['download', 'x', '-o', '-', '--exec', 'true'], /--exec/],
    ['an invite without encryption', ['list', '--tracker', 'shoal://x'], /leave --insecure/],
    ['joining nothing', ['join'], /invite/],
    ['joining what is no invite', ['join', '127.0.0.1:7070'], /^that is no invite/],
    ['groups without members', ['share', '.', '--allow', 'red'], /--insecure has none/],
    ['a bad group', ['share', '.', '--allow', 'Red'], /^--allow: "Red" is no group/],
    [
      'a bad time of grace',
      ['seed', '--offline-grace', '5'],
      /^--offline-grace: "5" is not a duration such as 1h, or 0$/,
    ],
  ] as const)('refuses %s as wrong usage', async (_what, args, message) => {
    const failure = await failureOf(peer, args);
    expect(failure).toMatchObject({ code: 'USAGE', exit: 2 });
    expect(failure.message).toMatch(message);
  });

  it('says what to do when its compiled part cannot be loaded', async () => {
    const env = { NODE_OPTIONS: '--no-addons' };
    const wanted = { code: 'INTERNAL', exit: 1 };
    for (const command of ['list', 'doctor']) {
      const failure = await failureOf(peer, [command], { env });
      expect(failure).toMatchObject(wanted);
      expect(failure.message).toMatch(/cannot be loaded .* install the package again/);
      const { exitCode, stdout, stderr } = await peer.run([command], { env });
      expect([exitCode, stdout, stderr]).toEqual([1, '', `peer: ${failure.message}\n`]);
    }
  });

  it('says what is wrong on stderr, in one line, without --json', async () => {
    for (const args of [
      ['list', '--nope'],
      ['fetch', 'x'],
      ['share', '.', '--up', 'fast'],
    ]) {
      const { message } = await failureOf(peer, args);
      const { exitCode, stdout, stderr } = await peer.run(args);
      expect([exitCode, stdout, stderr]).toEqual([2, '', `peer: ${message}\n`]);
    }
  });

  it('shows no control characters of what it was given', async () => {
    const hostile = 'a\nb\u001b[31m\u009b1m\u202e';
    const text = await peer.run(['info', hostile]);
    expect(text.exitCode).toBe(8);
    expect(text.stderr).toMatch(/^[ -~]+\n$/);
    const missing = await peer.run(['share', hostile]);
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toMatch(/^[ -~]+\n$/);
    const { stdout } = await peer.run(['share', hostile, '--json']);
    expect(stdout).toMatch(/^[ -~]+\n$/);
  });

  it('takes no arguments from stdin, which may be that of a loop in a script', async () => {
    await using other = await PeerHome.create(tracker);
    await writeSample(other.file('stdin.bin'), 10, 2);
    await other.serve(['share', 'stdin.bin']);
    const list = other.start(['list'], { stdin: 'pipe' });
    list.child.stdin!.end('the next line\n');
    expect([await list.ended(), list.stdout]).toEqual([0, expect.stringContaining('stdin.bin')]);
  });

  it('takes a flag before the environment, that before the configuration, that before defaults', async () => {
    await using other = await PeerHome.create(tracker);
    await mkdir(other.home);
    const configure = (settings: object) =>
      writeFile(`${other.home}/config.json`, JSON.stringify(settings));
    const none = { SHOAL_TRACKER: '' };
    const list = async (args: string[], env: Record<string, string | undefined>) =>
      (await other.run(['list', ...args], { env })).exitCode;

    await configure({ tracker: tracker.url });
    expect(await list([], none)).toBe(0);
    expect(await list([], { SHOAL_TRACKER: NOBODY })).toBe(5);
    expect(await list(['--tracker', tracker.url], { SHOAL_TRACKER: NOBODY })).toBe(0);
    expect(await list(['--tracker', `${NOBODY},${tracker.url}`], none)).toBe(0);
    await configure({ tracker: NOBODY });
    expect(await list([], none)).toBe(5);
    expect(await list([], { SHOAL_TRACKER: tracker.url })).toBe(0);

    await configure({ tracker: tracker.url, listen: '0.0.0.0:0', insecure: true });
    await writeSample(other.file('a.bin'), 10, 1);
    const unsaid = { ...none, SHOAL_INSECURE: undefined };
    const open = await other.serve(['share', 'a.bin'], { env: unsaid });
    expect(open.stdout).toMatch(/^ready 0\.0\.0\.0:\d+$/m);
    expect(open.stderr).toMatch(/^--insecure: .*0\.0\.0\.0.*\n$/);
    expect(await open.kill('SIGINT')).toBe(0);
    const refused = await other.run(['share', 'a.bin'], { env: { ...none, SHOAL_INSECURE: 'no' } });
    expect(refused.exitCode).toBe(8);
    const local = await other.serve(['share', 'a.bin', '--listen', '127.0.0.1:0'], { env: unsaid });
    expect(local.stderr).toBe('');
  });

  it.concurrent.each([
    ['no JSON', '{', /config\.json is not valid JSON/],
    ['no object', '[]', /must hold a JSON object/],
    ['a wrong type', '{"tracker":7}', /"tracker" must be a text/],
    ['a text for yes', '{"insecure":"yes"}', /"insecure" must be true or false/],
    ['an unknown setting', '{"trakcer":"127.0.0.1:1"}', /no setting "trakcer"/],
    ['a bad value', '{"up":"fast"}', /config\.json: "up": "fast" is not a rate/],
  ])(
    'refuses a configuration that is %s, and names what is wrong',
    async (_what, text, message) => {
      await using other = await PeerHome.create(tracker);
      await mkdir(other.home);
      await writeFile(`${other.home}/config.json`, text);
      const failure = await failureOf(other, ['list'], {
        env: { SHOAL_TRACKER: '', SHOAL_INSECURE: undefined },
      });
      expect(failure).toMatchObject({ code: 'USAGE', exit: 2 });
      expect(failure.message).toMatch(message);
    },
  );

  it('says that a port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await writeSample(peer.file('a.bin'), 10, 1);
    for (const args of [['share', 'a.bin'], ['seed'], ['download', 'x'], ['shell']]) {
      const failure = await failureOf(peer, [...args, '--listen', `127.0.0.1:${port}`]);
      expect(failure).toMatchObject({ code: 'ADDRESS_UNAVAILABLE', exit: 2 });
      expect(failure.message).toBe(`cannot listen on 127.0.0.1:${port}: EADDRINUSE`);
    }
    server.close();
  });
});
