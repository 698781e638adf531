import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpAsk } from '../../../../test/support/http-ask.js';
import { TempDir } from '../../../../test/support/temp-dir.js';
import { serve, type ServingTracker } from '../serve.js';
import { TrackerConfig } from '../tracker.config.js';
import { createAdminToken } from './create-admin-token.js';

describe('the operators’ side beyond loopback', () => {
  let folder: TempDir;
  let tracker: ServingTracker;
  let log = '';

  beforeAll(async () => {
    folder = await TempDir.create();
    const config = Object.assign(new TrackerConfig(), {
      host: '127.0.0.1',
      port: 0,
      httpHost: '0.0.0.0',
      httpPort: 0,
      data: folder.path,
      leaseMs: 60_000,
      keepHistoryMs: null,
      keepCompletionsMs: null,
      access: 'loopback',
    });
    tracker = await serve(config, pino({}, { write: (line: string) => (log += line) }));
  });
  afterAll(async () => {
    await tracker.close();
    await folder[Symbol.asyncDispose]();
  });

  const ask = (path: string, authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization };
    return httpAsk({ host: '127.0.0.1', port: tracker.http.port }, path, { headers });
  };
  const tokenFor = (expires: string) =>
    createAdminToken({ folder: folder.path, label: '', expires });

  it('says whether it lives to everybody', async () => {
    expect((await ask('/healthz')).status).toBe(200);
    expect((await ask('/readyz')).status).toBe(200);
  });

  it('refuses all else while there is no token, and its log says so', async () => {
    const answer = await ask('/api/files');
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(answer.body).toContain('tracker token create');
    expect(log).toMatch(/"level":40[^\n]*tracker token create/);
    expect(log).toMatch(/"level":40[^\n]*not encrypted/);
  });

  it('lets in who has a token that was made while it runs', async () => {
    const { token } = await tokenFor('never');
    expect((await ask('/api/no-such-path', `Bearer ${token}`)).status).toBe(404);
    expect((await ask('/', `bearer  ${token}`)).status).toBe(404);
    for (const wrong of [undefined, token, `Basic ${token}`, 'Bearer', `Bearer x${token}`]) {
      const answer = await ask('/api/no-such-path', wrong);
      expect(answer.status).toBe(401);
      expect(answer.body).not.toContain(token);
    }
    expect(log).not.toContain(token);
  });

  it.each([
    '/healthz/',
    '/healthz?x=1',
    '//healthz',
    '/HEALTHZ',
    '/readyz/../metrics',
    '/%68ealthz',
  ])('takes %s for another path than the open ones', async (path) =>
    expect((await ask(path)).status).toBe(401),
  );
});
