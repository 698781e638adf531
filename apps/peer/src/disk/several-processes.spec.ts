import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createIdentityKey, identityOfKey } from '#identity';
import { Home } from './home.js';
import { Library } from './library.js';

const KEYS = { create: createIdentityKey, identityOf: identityOfKey };

/** Reads one JSON job a line from stdin and answers with one JSON line. */
const WORKER = `
import { createInterface } from 'node:readline';
import { createServer } from 'vite';

const [root] = process.argv.slice(1);
const server = await createServer({
  root,
  configFile: false,
  logLevel: 'error',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
  resolve: {
    alias: {
      '#protocol': root + '/libs/protocol/src/index.ts',
      '#identity': root + '/libs/identity/src/index.ts',
    },
  },
});
const load = (name) => server.ssrLoadModule('/apps/peer/src/disk/' + name + '.ts');
const { Home } = await load('home');
const identity = await server.ssrLoadModule('/libs/identity/src/index.ts');
const keys = { create: identity.createIdentityKey, identityOf: identity.identityOfKey };
const { Library } = await load('library');
const { DownloadTarget } = await load('download-target');
const { buildManifest } = await load('manifest-builder');
const { signal } = new AbortController();
const held = [];
const jobs = {
  home: async ({ path }) => (await Home.open(path, keys)).identity,
  put: async ({ folder, name, path }) => {
    const { manifest, stamp } = await buildManifest(path, { signal });
    const { digest } = manifest;
    const entry = { name, digest, path, stamp, origin: 'shared', addedAt: new Date().toISOString() };
    await new Library(folder).put([{ entry, manifest }]);
  },
  churn: async ({ folder, name, path }) => {
    for (let turn = 0; turn < 130; turn += 1) {
      await jobs.put({ folder, name, path });
      await new Library(folder).remove({ name });
    }
    await jobs.put({ folder, name, path });
  },
  download: async ({ outputPath, source }) => {
    const { manifest } = await buildManifest(source, { signal });
    held.push(await DownloadTarget.open({ outputPath, manifest, existingFile: 'refuse', signal }));
  },
};
console.log('"ready"');
for await (const line of createInterface({ input: process.stdin })) {
  const { job, ...input } = JSON.parse(line);
  const answer = await jobs[job](input).then(
    (value) => ({ value }),
    (error) => ({ code: error.code ?? String(error) }),
  );
  console.log(JSON.stringify(answer));
}
`;

interface Answer {
  readonly value?: unknown;
  readonly code?: string;
}

class Worker {
  readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;

  constructor() {
    const root = fileURLToPath(new URL('../../../..', import.meta.url)).replace(/\/$/, '');
    const args = ['--input-type=module', '-e', WORKER, root];
    this.child = spawn(process.execPath, args, { cwd: root });
    this.child.stderr.pipe(process.stderr);
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async next(): Promise<unknown> {
    const { value } = (await this.lines.next()) as IteratorResult<string, undefined>;
    return JSON.parse(value ?? '"the worker ended"');
  }

  async do(job: Readonly<Record<string, string>>): Promise<Answer> {
    this.child.stdin.write(`${JSON.stringify(job)}\n`);
    return (await this.next()) as Answer;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

let workers: Worker[];

beforeAll(async () => {
  workers = Array.from({ length: 4 }, () => new Worker());
  for (const worker of workers) expect(await worker.next()).toBe('ready');
});

afterAll(async () => {
  for (const worker of workers) await worker.kill();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-processes-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

it('processes that start at once agree on one identity', async () => {
  for (let round = 0; round < 10; round += 1) {
    const path = join(newFolder(), 'home');
    const answers = await Promise.all(workers.map((worker) => worker.do({ job: 'home', path })));
    const identities = new Set(answers.map(({ value }) => value));
    expect([...identities]).toEqual([(await Home.open(path, KEYS)).identity]);
    expect(readdirSync(path)).toEqual(['identity.key']);
  }
});

it('no entry of the library is lost among processes that add, remove and compact', async () => {
  const folder = newFolder();
  const path = join(folder, 'file');
  writeFileSync(path, Buffer.alloc(600_000, 1));
  const job = (worker: Worker, index: number) =>
    worker.do({ job: 'churn', folder, name: `file-${index}`, path });
  expect(await Promise.all(workers.map(job))).toEqual([{}, {}, {}, {}]);
  const library = new Library(folder);
  const entries = await library.entries();
  expect(entries.map(({ name }) => name).sort()).toEqual(['file-0', 'file-1', 'file-2', 'file-3']);
  for (const entry of entries) expect((await library.manifestOf(entry)).sizeBytes).toBe(600_000);
  expect(readdirSync(folder).sort()).toEqual(['file', 'library.ndjson', 'manifests']);
});

it('one process downloads to a target, and after a kill -9 another may', async () => {
  const folder = newFolder();
  const source = join(folder, 'source');
  mkdirSync(join(folder, 'out'));
  writeFileSync(source, 'content');
  const job = { job: 'download', outputPath: join(folder, 'out/file'), source };
  const answers = await Promise.all(workers.map((worker) => worker.do(job)));
  expect(answers.filter(({ code }) => code === 'TARGET_BUSY')).toHaveLength(3);
  const winner = workers[answers.findIndex(({ code }) => code === undefined)]!;
  const other = workers.find((worker) => worker !== winner)!;
  await winner.kill();
  expect(await other.do(job)).toEqual({});
  expect(readdirSync(join(folder, 'out')).sort()).toEqual(['file.part', 'file.part.resume']);
});
