import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChildProgram } from '../support/child-program.js';
import { failureOf, linesOf } from '../support/cli-failure.js';
import { PeerHome, type PeerRun } from '../support/peer-home.js';
import { sampleBytes, writeSample } from '../support/sample-content.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';

interface DownloadData {
  readonly files: readonly { readonly bytesResumed: number }[];
}

const NOBODY = '127.0.0.1:1';
const FILE_BYTES = 2 * 1024 * 1024 + 7;

const eventsOf = (program: { stderr: string }) =>
  linesOf(program.stderr)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const someBytes = (program: ChildProgram) => () =>
  eventsOf(program).some((event) => (event['bytesDone'] as number) > 0);

async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('waiting and giving up', () => {
  const silent = createServer((socket) => socket.on('error', () => undefined));
  let tracker: RunningTracker;
  let patient: PeerHome;
  /** Begun first: they take as long as a peer waits for an answer. */
  let answeredByNext: Promise<PeerRun>;
  let neverAnswered: Promise<readonly { readonly message: string }[]>;

  beforeAll(async () => {
    tracker = await startTracker();
    const silentUrl = await listening(silent);
    patient = await PeerHome.create(silentUrl);
    await writeSample(patient.file('a.bin'), 10, 1);
    const commands = [['list'], ['share', 'a.bin'], ['download', 'a', '--timeout', '1s']];
    neverAnswered = Promise.all(commands.map((args) => failureOf(patient, args)));
    neverAnswered.catch(() => undefined);
    answeredByNext = patient.run(['list', '--tracker', `${silentUrl},${tracker.url}`]);
  });
  afterAll(async () => {
    await patient[Symbol.asyncDispose]();
    silent.close();
    await tracker[Symbol.asyncDispose]();
  });

  /** A seeder slow enough to be caught in the middle, and a download of its file that has begun. */
  async function caughtInTheMiddle(name: string, leecher: PeerHome, seeder: PeerHome) {
    await writeSample(seeder.file(name), FILE_BYTES, name.length);
    const sharing = await seeder.serve(['share', name, '--up', '300KiB/s']);
    const flags = ['--progress', 'json', '--timeout', '4s', '--json'];
    const download = leecher.start(['download', name, ...flags]);
    await download.until(someBytes(download));
    return { sharing, download };
  }

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'ends with 6 when the only source is gone by %s, and goes on from there later',
    async (signal) => {
      await using seeder = await PeerHome.create(tracker);
      await using leecher = await PeerHome.create(tracker);
      const name = `${signal}.bin`;
      const { sharing, download } = await caughtInTheMiddle(name, leecher, seeder);
      await sharing.kill(signal);
      expect(await download.ended()).toBe(6);
      expect(JSON.parse(download.stdout)).toMatchObject({ error: { code: 'NO_SOURCE', exit: 6 } });
      const waiting = eventsOf(download).filter((event) => event['event'] === 'waiting');
      expect(waiting.length).toBeGreaterThan(0);
      for (const event of waiting) {
        expect(event).toEqual({ event: 'waiting', name, reason: expect.any(String) as string });
      }
      expect((await stat(leecher.file(`${name}.part`))).size).toBe(FILE_BYTES);

      await seeder.serve(['seed']);
      const { files } = await leecher.json<DownloadData>(['download', name]);
      expect(files[0]!.bytesResumed).toBeGreaterThan(0);
      const bytes = await readFile(leecher.file(name));
      expect(bytes.equals(sampleBytes(FILE_BYTES, name.length))).toBe(true);
    },
  );

  it('ends with 9 when a source is there and silent', async () => {
    await using seeder = await PeerHome.create(tracker);
    await using leecher = await PeerHome.create(tracker);
    const { sharing, download } = await caughtInTheMiddle('silent.bin', leecher, seeder);
    sharing.signal('SIGSTOP');
    expect(await download.ended()).toBe(9);
    expect(JSON.parse(download.stdout)).toMatchObject({ error: { code: 'TIMED_OUT', exit: 9 } });
  });

  it('keeps what is proven at a signal, and exits with its number', async () => {
    await using seeder = await PeerHome.create(tracker);
    await using leecher = await PeerHome.create(tracker);
    const { download } = await caughtInTheMiddle('signal.bin', leecher, seeder);
    expect(await download.kill('SIGINT')).toBe(130);
    expect(JSON.parse(download.stdout)).toMatchObject({ ok: false, error: { exit: 130 } });
    const text = leecher.start(['download', 'signal.bin', '--progress', 'json', '--down', '64KiB']);
    await text.until(someBytes(text));
    expect(await text.kill('SIGTERM')).toBe(143);
    expect(text.stdout).toBe('');
    const { files } = await leecher.json<DownloadData>(['download', 'signal.bin']);
    expect(files[0]!.bytesResumed).toBeGreaterThan(0);
  });

  it('waits for a source, and says so once', async () => {
    await using seeder = await PeerHome.create(tracker);
    await using leecher = await PeerHome.create(tracker);
    await writeSample(seeder.file('later.bin'), 300_000, 1);
    await (await seeder.serve(['share', 'later.bin'])).kill('SIGTERM');
    const failure = await failureOf(leecher, ['download', 'later.bin', '--timeout', '2s']);
    expect(failure).toMatchObject({ code: 'NO_SOURCE', exit: 6 });
    const waiting = leecher.start(['download', 'later.bin']);
    await waiting.until(() => waiting.stderr !== '');
    const said = 'waiting for later.bin: no peer has what is missing';
    expect(waiting.stderr).toBe(`${said}\n`);
    await seeder.serve(['seed']);
    expect(await waiting.ended()).toBe(0);
    expect(linesOf(waiting.stderr).filter((line) => line === said)).toHaveLength(1);
  });

  it('ends with 5 where no tracker can be reached', async () => {
    await using peer = await PeerHome.create(NOBODY);
    await writeSample(peer.file('a.bin'), 10, 1);
    const commands = [
      ['share', 'a.bin'],
      ['download', 'a'],
      ['download', 'a', '--timeout', '1s'],
      ['list'],
      ['info', 'a'],
      ['status', 'a'],
      ['verify', 'a.bin', 'a'],
      ['unshare', 'a'],
    ];
    const failures = await Promise.all(commands.map((args) => failureOf(peer, args)));
    for (const failure of failures) {
      expect(failure).toMatchObject({ code: 'TRACKER_UNREACHABLE', exit: 5 });
      expect(failure.message).toBe(
        `cannot reach the tracker at ${NOBODY}: connect ECONNREFUSED ${NOBODY}`,
      );
    }
    const text = await peer.run(['share', 'a.bin']);
    expect([text.exitCode, text.stdout]).toEqual([5, '']);
    expect(linesOf(text.stderr)).toEqual([expect.stringMatching(/^peer: cannot reach/)]);
  });

  it('says that it tries a little longer before it ends with 5, and nothing else', async () => {
    await using peer = await PeerHome.create(NOBODY);
    const away = `cannot reach the tracker at ${NOBODY}: connect ECONNREFUSED ${NOBODY}`;
    const text = await peer.run(['download', 'a']);
    expect(linesOf(text.stderr)).toEqual([
      `waiting for a: ${away}; trying again for a moment`,
      `peer: ${away}`,
    ]);
  });

  it('has nothing but JSON on stderr with --progress json', async () => {
    await using seeder = await PeerHome.create(tracker);
    await using leecher = await PeerHome.create(tracker);
    await writeSample(seeder.file('lines.bin'), FILE_BYTES, 3);
    await seeder.serve(['share', 'lines.bin', '--up', '300KiB/s']);
    const flags = ['--progress', 'json', '--insecure', '--listen', '0.0.0.0:0'];
    const download = leecher.start(['download', 'lines.bin', ...flags]);
    await download.until(someBytes(download));
    expect(await download.kill('SIGINT')).toBe(130);
    const usage = await leecher.run(['download', '--nonsense', '--progress=json']);
    for (const { stderr } of [download, usage]) {
      const events = linesOf(stderr).map((line) => JSON.parse(line) as { event: string });
      expect(events.at(-1)).toMatchObject({
        event: 'failed',
        error: { message: expect.any(String) as string },
      });
    }
    expect(eventsOf(download)[0]).toMatchObject({ event: 'notice' });
  });

  it('takes a signal while it waits for the tracker', async () => {
    await using peer = await PeerHome.create(NOBODY);
    const args = ['download', 'a', '--timeout', '1h', '--progress', 'json', '--json'];
    const download = peer.start(args);
    await download.until(() => download.stderr.includes('waiting'));
    expect(await download.kill('SIGTERM')).toBe(143);
    expect(JSON.parse(download.stdout)).toMatchObject({ ok: false, error: { exit: 143 } });
    const [event] = eventsOf(download);
    expect(event).toEqual({ event: 'waiting', name: 'a', reason: expect.any(String) as string });
  });

  it('ends with 5 where something else answers than a tracker', async () => {
    const http = createHttpServer((_request, response) => response.end('hello'));
    const noise = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write(sampleBytes(5_000, 1));
    });
    const endless = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('1'.repeat(1_000));
    });
    for (const server of [http, noise, endless]) {
      await using peer = await PeerHome.create(await listening(server));
      await writeSample(peer.file('a.bin'), 10, 1);
      const commands = [['list'], ['share', 'a.bin'], ['download', 'a', '--timeout', '100ms']];
      const failures = await Promise.all(commands.map((args) => failureOf(peer, args)));
      for (const failure of failures) {
        expect(failure).toMatchObject({ code: 'TRACKER_UNREACHABLE', exit: 5 });
        expect(failure.message).toMatch(/^cannot reach the tracker at .*: \S+/);
      }
      server.close();
    }
  });

  it('ends status with 9 when its own time-out is shorter than the patience with trackers', async () => {
    const failure = await failureOf(patient, ['status', 'a', '--timeout', '300ms']);
    expect(failure).toMatchObject({ code: 'TIMED_OUT', exit: 9 });
  });

  it('does not hang where a tracker accepts and never answers', async () => {
    for (const failure of await neverAnswered) {
      expect(failure).toMatchObject({ code: 'TRACKER_UNREACHABLE', exit: 5 });
      expect(failure.message).toContain('not answer');
    }
    expect((await answeredByNext).exitCode).toBe(0);
    const sharing = patient.start(['share', 'a.bin']);
    await once(silent, 'connection');
    expect(await sharing.kill('SIGINT')).toBe(0);
  });
});
