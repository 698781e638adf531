import { execFile } from 'node:child_process';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChildProgram } from '../support/child-program.js';
import { TempDir } from '../support/temp-dir.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TRACKER_ONLY = ['typeorm', 'better-sqlite3', '@nestjs/typeorm'];
const run = promisify(execFile);

/** The package as npm would install it: unpacked, with its dependencies beside it. */
describe('the packed package', () => {
  let dir: TempDir;
  const installed = (name: string) => dir.file(`${name}/node_modules/shoal`);

  beforeAll(async () => {
    dir = await TempDir.create();
    const packing = ['pack', '--ignore-scripts', '--silent', '--pack-destination', dir.path];
    const { stdout } = await run('npm', packing, { cwd: ROOT });
    for (const name of ['whole', 'without-drivers']) {
      await mkdir(installed(name), { recursive: true });
      const unpacking = ['-xzf', dir.file(stdout.trim()), '--strip-components=1'];
      await run('tar', [...unpacking, '-C', installed(name)]);
    }
    await linkDependencies(dir.file('whole/node_modules'), []);
    await linkDependencies(dir.file('without-drivers/node_modules'), TRACKER_ONLY);
  });
  afterAll(async () => {
    await dir[Symbol.asyncDispose]();
  });

  async function ended(name: string, app: 'peer' | 'tracker', args: readonly string[]) {
    const bin = join(installed(name), `apps/${app}/bin/${app}.js`);
    await using program = ChildProgram.start(bin, args, { env: { SHOAL_HOME: dir.file('home') } });
    const exitCode = await program.ended();
    return { exitCode, stdout: program.stdout, stderr: program.stderr };
  }

  it('has the programs and their manifests, and nothing that only we need', async () => {
    const paths = await readdir(installed('whole'), { recursive: true });
    expect(paths).toContain('apps/peer/oclif.manifest.json');
    expect(paths).toContain('apps/tracker/oclif.manifest.json');
    expect(paths).toContain('dist/peer/program.js');
    expect(paths).toContain('README.md');
    expect(paths).toContain('LICENSE');
    expect(paths.filter((path) => /\.(ts|map|tsbuildinfo|db)$|spec|^test/.test(path))).toEqual([]);
  });

  it('says its versions', async () => {
    for (const app of ['peer', 'tracker'] as const) {
      const { exitCode, stdout } = await ended('whole', app, ['--version']);
      expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^shoal-\w+\/\d+\.\d+\.\d+ /)]);
    }
  });

  it('starts a tracker', async () => {
    const bin = join(installed('whole'), 'apps/tracker/bin/tracker.js');
    const ports = ['--port', '0', '--http-port', '0'];
    await using tracker = ChildProgram.start(bin, ['start', ...ports, '--data', dir.file('data')]);
    await tracker.until(() => /^ready /.test(tracker.stdout));
    expect(await tracker.kill()).toBe(0);
  });

  it('runs the peer without what only the tracker needs', async () => {
    const args = ['list', '--json', '--tracker', '127.0.0.1:1'];
    const { exitCode, stdout } = await ended('without-drivers', 'peer', args);
    expect(exitCode).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'TRACKER_UNREACHABLE' } });
  });

  it('names what a tracker would need', async () => {
    const { exitCode, stdout } = await ended('without-drivers', 'tracker', ['start', '--json']);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'DRIVER_MISSING' } });
    expect(stdout).toMatch(/typeorm|better-sqlite3/);
  });
});

/** Links what the checkout has installed, but for `left`. */
async function linkDependencies(target: string, left: readonly string[]): Promise<void> {
  const source = join(ROOT, 'node_modules');
  for (const entry of await readdir(source)) {
    if (entry.startsWith('.')) continue;
    const names = entry.startsWith('@')
      ? (await readdir(join(source, entry))).map((name) => `${entry}/${name}`)
      : [entry];
    if (entry.startsWith('@')) await mkdir(join(target, entry));
    for (const name of names.filter((candidate) => !left.includes(candidate))) {
      await symlink(join(source, name), join(target, name));
    }
  }
}
