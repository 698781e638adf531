import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChildProgram } from '../support/child-program.js';
import { linesOf } from '../support/cli-failure.js';
import { PeerHome } from '../support/peer-home.js';
import { writeSample } from '../support/sample-content.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';

const FILE_BYTES = 600_000;

describe('peer shell', () => {
  let tracker: RunningTracker;
  beforeAll(async () => {
    tracker = await startTracker();
  });
  afterAll(async () => {
    await tracker[Symbol.asyncDispose]();
  });

  const say = (shell: ChildProgram, line: string) => shell.child.stdin!.write(`${line}\n`);

  /** What a line adds to stdout or stderr, once it ends in the text that is waited for. */
  async function answer(shell: ChildProgram, line: string, end: RegExp): Promise<string> {
    const said = () => shell.stdout + shell.stderr;
    const before = said().length;
    say(shell, line);
    await shell.until(() => said().length > before && end.test(said()));
    return said();
  }

  it('shows, shares and downloads; a line that fails does not end it', async () => {
    await using alice = await PeerHome.create(tracker);
    await using bob = await PeerHome.create(tracker);
    const bytes = await writeSample(alice.file('a.iso'), FILE_BYTES, 1);
    await writeSample(alice.file('b c.iso'), 10, 2);
    const first = alice.start(['shell'], { stdin: 'pipe' });
    await answer(first, 'show', /^0 files$/m);
    await answer(first, 'share 2 a.iso', /^peer: share 2 was followed by 1 files$/m);
    await answer(first, 'share two a.iso', /^peer: share takes the number/m);
    await answer(first, 'share 1 missing.iso', /^peer: cannot share .*missing\.iso/m);
    await answer(first, 'share 2 a.iso "b c.iso"', /^ready 127\.0\.0\.1:\d+$/m);
    expect(first.stdout).toMatch(/^sharing a\.iso b3:\S+ 586KiB\nsharing b c\.iso b3:\S+ 10B$/m);

    const second = bob.start(['shell', '--progress', 'json'], { stdin: 'pipe' });
    await answer(second, 'show', /^2 files$/m);
    await answer(second, 'dowload a.iso', /"message":"there is no command \\"dowload/);
    await answer(second, 'download nothing.iso', /"message":"nothing\.iso: /);
    await answer(second, 'share "a', /"message":"a quote is left open"/);
    await answer(second, 'download a.iso', /^downloaded a\.iso to .*a\.iso/m);
    expect((await readFile(bob.file('a.iso'))).equals(bytes)).toBe(true);
    expect(second.stderr).toContain('"event":"progress"');
    await answer(second, 'download a.iso', /a\.iso: 586KiB, all of it was there already$/m);
    await answer(second, 'status a.iso', /2 of 2 hosts are done/);
    await answer(second, 'info a.iso', /^seeders +2$/m);
    await answer(second, 'help', /^exit +stop serving/m);
    say(second, 'exit');
    expect(await second.ended()).toBe(0);
    first.child.stdin!.end();
    expect(await first.ended()).toBe(0);
    expect(linesOf(first.stderr).every((line) => line.startsWith('peer: '))).toBe(true);
  });

  it('speaks JSON, one object for each line that it is given', async () => {
    await using peer = await PeerHome.create(tracker);
    await writeSample(peer.file('j.iso'), 10, 3);
    const shell = peer.start(['shell', '--json'], { stdin: 'pipe' });
    for (const line of ['share 1 j.iso', 'show j.iso', 'info none', 'exit']) say(shell, line);
    expect(await shell.ended()).toBe(0);
    const answers = linesOf(shell.stdout).map((line) => JSON.parse(line) as object);
    expect(answers).toMatchObject([
      { ok: true, data: { event: 'ready', files: [{ name: 'j.iso' }] } },
      { ok: true, data: { total: 1, files: [{ name: 'j.iso', seeders: 1 }] } },
      { ok: false, error: { code: 'FILE_NOT_FOUND', exit: 3 } },
    ]);
  });

  it('goes on without a tracker, and ends at a signal', async () => {
    await using peer = await PeerHome.create('127.0.0.1:1');
    const shell = peer.start(['shell'], { stdin: 'pipe' });
    await answer(shell, 'show', /^peer: cannot reach the tracker/m);
    await answer(shell, 'help', /^exit/m);
    expect(await shell.kill('SIGTERM')).toBe(143);
  });
});
