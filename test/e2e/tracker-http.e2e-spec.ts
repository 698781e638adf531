import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseInvite } from '#protocol';
import { httpAsk, type HttpAnswer } from '../support/http-ask.js';
import { runTracker } from '../support/run-tracker.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';
import { TempDir } from '../support/temp-dir.js';

let tracker: RunningTracker;

beforeAll(async () => {
  tracker = await startTracker();
});
afterAll(() => tracker[Symbol.asyncDispose]());

describe('the operators’ side on loopback', () => {
  const answers: [string, () => Promise<HttpAnswer>, number][] = [
    ['an answer', () => httpAsk(tracker.http, '/healthz'), 200],
    ['no such page', () => httpAsk(tracker.http, '/nothing'), 404],
    [
      'a page whose name was made to lead here',
      () => httpAsk(tracker.http, '/healthz', { headers: { host: 'evil.example' } }),
      421,
    ],
    [
      'a change that a page from elsewhere asks for',
      () => {
        const headers = { origin: 'https://evil.example' };
        return httpAsk(tracker.http, '/healthz', { method: 'POST', headers });
      },
      403,
    ],
  ];

  it.each(answers)('has secure headers on %s', async (_what, ask, status) => {
    const answer = await ask();
    expect(answer).toMatchObject({
      status,
      headers: {
        'content-security-policy': expect.stringContaining("default-src 'self'") as string,
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
      },
    });
    expect(answer.headers).not.toHaveProperty('x-powered-by');
  });

  it.each(['localhost', '127.0.0.1', '[::1]'])('is asked as %s', async (host) => {
    const headers = { host: `${host}:${tracker.http.port}` };
    expect((await httpAsk(tracker.http, '/readyz', { headers })).status).toBe(200);
  });
});

describe('the operators’ side beyond loopback', () => {
  let open: RunningTracker;

  beforeAll(async () => {
    open = await startTracker({ access: 'secured', flags: ['--http-host', '0.0.0.0'] });
  });
  afterAll(() => open[Symbol.asyncDispose]());

  const ask = (path: string, authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization };
    return httpAsk({ host: '127.0.0.1', port: open.http.port }, path, { headers });
  };

  it('says whether it lives to everybody', async () => {
    expect((await ask('/healthz')).status).toBe(200);
    expect((await ask('/readyz')).status).toBe(200);
  });

  it('refuses all else while there is no token, and its log says so', async () => {
    const answer = await ask('/api/files');
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(answer.body).toContain('tracker token create');
    expect(open.stderr).toMatch(/warn .*tracker token create/);
    expect(open.stderr).toMatch(/warn .*not encrypted/);
  });

  it('lets in who has a token that was made while it runs, and nobody else', async () => {
    const run = await runTracker(['token', 'create', '--data', open.data]);
    const token = run.stdout.trim();
    expect((await ask('/api/no-such-path', `Bearer ${token}`)).status).toBe(404);
    expect((await ask('/', `bearer  ${token}`)).status).toBe(404);
    for (const wrong of [undefined, token, `Basic ${token}`, 'Bearer', `Bearer x${token}`]) {
      const answer = await ask('/api/no-such-path', wrong);
      expect(answer.status).toBe(401);
      expect(answer.body).not.toContain(token);
    }
    expect(open.stderr).not.toContain(token);
  });

  it('takes the token of an invite for no admin token', async () => {
    const invite = parseInvite(open.invite);
    expect((await ask('/', `Bearer ${invite.token}`)).status).toBe(401);
  });

  it.each([
    '/healthz/',
    '/healthz?x=1',
    '//healthz',
    '/HEALTHZ',
    '/readyz/../metrics',
    '/%68ealthz',
  ])('takes %s for another path than the open ones', async (path) => {
    expect((await ask(path)).status).toBe(401);
  });

  it('needs no token with --insecure, as everything then', async () => {
    await using insecure = await startTracker({ flags: ['--http-host', '0.0.0.0', '--insecure'] });
    const endpoint = { host: '127.0.0.1', port: insecure.http.port };
    expect((await httpAsk(endpoint, '/nothing')).status).toBe(404);
    expect(insecure.stderr).toMatch(/warn .*0\.0\.0\.0/);
  });
});

describe('tracker token create', () => {
  it('prints the token once, and keeps no more of it than a hash', async () => {
    const run = await runTracker(['token', 'create', '--data', tracker.data, '--label', 'ci']);
    expect(run.exitCode).toBe(0);
    const token = run.stdout.trim();
    expect(token).toMatch(/^[a-z2-7]{26}$/);
    expect(run.stderr).toMatch(/^admin token adm-[a-z2-7]{6}, valid until it is revoked/);
    expect(run.stderr).not.toContain(token);
    for (const name of ['tracker.db', 'tracker.db-wal']) {
      expect((await readFile(`${tracker.data}/${name}`)).includes(token)).toBe(false);
    }
    expect(tracker.stderr).not.toContain(token);
  });

  it('tells scripts what it made', async () => {
    const args = ['token', 'create', '--data', tracker.data, '--expires', '1h', '--json'];
    const { stdout } = await runTracker(args);
    const { ok, data } = JSON.parse(stdout) as { ok: boolean; data: Record<string, string> };
    expect([ok, data.label]).toEqual([true, '']);
    expect(data.id).toMatch(/^adm-/);
    expect(data.token).toMatch(/^[a-z2-7]{26}$/);
    expect(Date.parse(data.expiresAt!)).toBeGreaterThan(Date.now());
  });

  it.each([
    [['--expires', 'soon'], '--expires'],
    [['--expires', '0s'], '--expires'],
    [['--label', 'a\u001b[2J'], '--label'],
  ])('refuses %j', async (flags, named) => {
    const run = await runTracker(['token', 'create', '--data', tracker.data, ...flags]);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toContain(named);
    expect(run.stderr.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('makes nothing where no tracker has ever been', async () => {
    await using empty = await TempDir.create();
    const run = await runTracker(['token', 'create', '--data', empty.path, '--json']);
    expect(run.exitCode).toBe(2);
    const { error } = JSON.parse(run.stdout) as { error: { code: string; message: string } };
    expect(error.code).toBe('DATA_FOLDER_UNUSABLE');
    expect(error.message).toContain('start the tracker once');
    await expect(readFile(empty.file('tracker.db'))).rejects.toThrow('ENOENT');
  });
});
