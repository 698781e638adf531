import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTracker } from '../support/run-tracker.js';
import { startTracker } from '../support/start-tracker.js';
import { TempDir } from '../support/temp-dir.js';

describe('tracker start', () => {
  let folder: TempDir;
  beforeAll(async () => {
    folder = await TempDir.create();
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  /** An environment that would start, with flags that change it. */
  const start = (...flags: string[]) =>
    runTracker(['start', ...flags], {
      SHOAL_PORT: '0',
      SHOAL_HTTP_PORT: '0',
      SHOAL_DATA: folder.path,
      SHOAL_INSECURE: undefined,
    });

  it.each([
    [['--port', '65536'], '--port (SHOAL_PORT)'],
    [['--data', ''], '--data (SHOAL_DATA)'],
    [['--database-url', 'postgres://db/shoal'], '--database-url (SHOAL_DATABASE_URL)'],
  ])('refuses %j and names the setting', async (change, setting) => {
    const run = await start(...change);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(setting);
    expect(run.stdout).toBe('');
  });

  it('names the setting also when it comes from the environment', async () => {
    const run = await runTracker(['start'], { SHOAL_PORT: 'x', SHOAL_DATA: folder.path });
    expect(run).toMatchObject({ exitCode: 2 });
    expect(run.stderr).toContain('SHOAL_PORT');
  });

  it.each([[['start', '--bogus']], [['start', 'argument']], [['stop']], [['start', '--port']]])(
    'ends %j with 2 and JSON',
    async (args) => {
      const run = await runTracker([...args, '--json']);
      const refusal: unknown = JSON.parse(run.stdout);
      expect(refusal).toMatchObject({ ok: false, error: { code: 'USAGE', exit: 2 } });
      expect(run).toMatchObject({ exitCode: 2, stderr: '' });
    },
  );

  it('refuses a port in use, names the address, and leaves nothing behind', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    for (const flag of ['--port', '--http-port']) {
      const run = await start(flag, port.toString());
      expect(run.exitCode).toBe(2);
      expect(run.stderr).toContain(`cannot listen on 127.0.0.1:${port}`);
    }
    const json = await start('--port', port.toString(), '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'ADDRESS_UNAVAILABLE' } });
    other.close();
    await once(other, 'close');
    await using tracker = await startTracker({ data: folder.path });
    expect(await tracker.kill()).toBe(0);
  });

  it('refuses an address that is not of this machine', async () => {
    const run = await start('--host', '192.0.2.1', '--insecure');
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain('cannot listen on 192.0.2.1:0');
  });

  it('refuses a second tracker on the same data, but not after a kill -9', async () => {
    await using tracker = await startTracker({ data: folder.path });
    const run = await start('--json');
    expect(run.exitCode).toBe(1);
    expect(JSON.parse(run.stdout)).toMatchObject({ error: { code: 'DATA_FOLDER_IN_USE' } });
    await tracker.restart('SIGKILL');
    expect(await tracker.kill()).toBe(0);
  });

  it('refuses a folder that is a file', async () => {
    await writeFile(folder.file('plain'), 'text');
    const run = await start('--data', folder.file('plain'));
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain('--data (SHOAL_DATA)');
  });

  it('listens on other addresses with --insecure, and warns at every start', async () => {
    await using tracker = await startTracker({ flags: ['--host', '0.0.0.0', '--insecure'] });
    expect(tracker.readyLine).toMatch(/^ready peers=0\.0\.0\.0:\d+ http=127\.0\.0\.1:\d+$/);
    expect(tracker.stderr).toMatch(/warn .*0\.0\.0\.0/);
    await tracker.restart();
    expect(tracker.stderr.match(/warn /g)).toHaveLength(2);
  });

  it('prints the ready line and its log as JSON', async () => {
    await using tracker = await startTracker({ flags: ['--json', '--lease', '5m'] });
    expect(JSON.parse(tracker.readyLine)).toMatchObject({ event: 'ready' });
    expect(await tracker.kill('SIGINT')).toBe(0);
    const lines = tracker.stderr.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({ level: 30, msg: 'SIGINT: closing' }),
    );
  });

  it('reports a file that is no database, and one that is damaged, and changes neither', async () => {
    await using other = await TempDir.create();
    const path = other.file('tracker.db');
    const text = 'this is not a database, it is text '.repeat(100);
    await writeFile(path, text);
    const run = await start('--data', other.path, '--json');
    expect(run.exitCode).toBe(1);
    const { error } = JSON.parse(run.stdout) as { error: { code: string; message: string } };
    expect(error.code).toBe('DATABASE_UNUSABLE');
    expect(error.message).toMatch(/put a backup in its place/);
    expect(await readFile(path, 'utf8')).toBe(text);
    await rm(path);
    await using tracker = await startTracker({ data: other.path });
    await tracker.kill();
    const damaged = await damage(path);
    const second = await start('--data', other.path);
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toContain('is damaged');
    expect(damaged.equals(await readFile(path))).toBe(true);
  });

  it('refuses a database of another program, and one of a newer version', async () => {
    await using other = await TempDir.create();
    const foreign = new Sqlite(other.file('tracker.db'));
    foreign.exec('CREATE TABLE notes (text TEXT)');
    foreign.close();
    expect((await start('--data', other.path)).stderr).toContain('of another program');
    await using newer = await TempDir.create();
    await using tracker = await startTracker({ data: newer.path });
    await tracker.kill();
    const database = new Sqlite(newer.file('tracker.db'));
    database.exec(`INSERT INTO schema_migrations (timestamp, name) VALUES (9, 'FromTheFuture9')`);
    database.close();
    expect((await start('--data', newer.path)).stderr).toContain('newer version');
  });
});

/** Overwrites the middle of a file; returns what it holds then. */
async function damage(path: string): Promise<Buffer> {
  const bytes = await readFile(path);
  bytes.fill(0xa5, 4_096, bytes.length - 4_096);
  await writeFile(path, bytes);
  return bytes;
}
