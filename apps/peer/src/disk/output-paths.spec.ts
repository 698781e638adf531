import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parseDigest, type Digest } from '#protocol';
import { downloadPaths } from './download-paths.js';
import { makeOutputParent } from './output-folder.js';
import { planOutputs } from './output-paths.js';

const A: Digest = parseDigest(`b3:${'0123456789abcdef'.repeat(4)}`);
const B: Digest = parseDigest(`b3:${'b'.repeat(64)}`);

let cwd: string;

beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'shoal-outputs-')));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
});

interface Files {
  readonly [request: string]: readonly [name: string | null, digest: Digest][];
}

async function plan(output: string | undefined, wanted: Files): Promise<string[]> {
  const requests = Object.entries(wanted).map(([request, files]) => ({
    request,
    files: files.map(([name, digest]) => ({ name, digest })),
  }));
  const plans = await planOutputs({ requests, output, cwd });
  return plans.map(({ path }) => path.slice(cwd.length + 1));
}

describe('planOutputs', () => {
  const one: Files = { 'models/llama/w.bin': [['models/llama/w.bin', A]] };
  const prefix: Files = {
    'models/llama/': [
      ['models/llama/w.bin', A],
      ['models/llama/t/t.json', B],
    ],
  };

  it('places one name', async () => {
    mkdirSync(join(cwd, 'there'));
    expect(await plan(undefined, one)).toEqual(['w.bin']);
    expect(await plan('x.bin', one)).toEqual(['x.bin']);
    expect(await plan('there', one)).toEqual(['there/w.bin']);
    expect(await plan('there/', one)).toEqual(['there/w.bin']);
    expect(await plan('there/x.bin', one)).toEqual(['there/x.bin']);
    expect(await plan('missing/', one)).toEqual(['missing/w.bin']);
  });

  it('places several names and prefixes', async () => {
    expect(await plan(undefined, prefix)).toEqual(['llama/w.bin', 'llama/t/t.json']);
    expect(await plan('out', prefix)).toEqual(['out/llama/w.bin', 'out/llama/t/t.json']);
    expect(await plan('out', { ...prefix, 'a/b.iso': [['a/b.iso', B]] })).toEqual([
      'out/llama/w.bin',
      'out/llama/t/t.json',
      'out/b.iso',
    ]);
    expect(await plan(undefined, { 'm/': [['m/x', A]] })).toEqual(['m/x']);
  });

  it('places content by its name or, without one, by its digest', async () => {
    expect(await plan(undefined, { [A]: [['a/b.iso', A]] })).toEqual(['b.iso']);
    expect(await plan(undefined, { [A]: [[null, A]] })).toEqual(['b3-0123456789abcdef']);
    expect(await plan('x', { [A]: [[null, A]] })).toEqual(['x']);
  });

  it('plans a file once that was asked for twice', async () => {
    const twice: Files = { 'a/': [['a/x', A]], 'a/x': [['a/x', A]] };
    expect(await plan(undefined, twice)).toEqual(['a/x', 'x']);
    expect(await plan(undefined, { x: [['x', A]], 'y/x': [['y/x', A]] })).toEqual(['x']);
  });

  it("refuses files that would come into each other's way", async () => {
    const clashes: Files[] = [
      { 'a/x': [['a/x', A]], 'b/x': [['b/x', B]] },
      { x: [['x', A]], 'x.part': [['x.part', B]] },
      {
        'p/': [
          ['p/x', A],
          ['p/x/y', B],
        ],
      },
    ];
    for (const clash of clashes) {
      await expect(plan(undefined, clash)).rejects.toMatchObject({ code: 'USAGE' });
    }
    writeFileSync(join(cwd, 'file'), '');
    await expect(plan('file', prefix)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(plan('', one)).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('believes no tracker that lists what it must not', async () => {
    for (const name of ['p/../../x', '/etc/passwd', 'p/./x', 'p//x', 'p\\x', 'p/\u0000']) {
      await expect(plan(undefined, { 'p/': [[name, A]] })).rejects.toMatchObject({
        code: 'INVALID_NAME',
      });
    }
    await expect(plan(undefined, { 'p/': [['q/x', A]] })).rejects.toMatchObject({
      code: 'OUTSIDE_FOLDER',
    });
  });
});

describe('makeOutputParent', () => {
  const make = async (output: string | undefined, wanted: Files) => {
    const requests = Object.entries(wanted).map(([request, files]) => ({
      request,
      files: files.map(([name, digest]) => ({ name, digest })),
    }));
    for (const planned of await planOutputs({ requests, output, cwd })) {
      await makeOutputParent(planned);
    }
  };

  it('makes the folders of several files, none for a file named by the user', async () => {
    await make('new/out', { 'p/': [['p/a/b/x', A]] });
    expect(existsSync(join(cwd, 'new/out/p/a/b'))).toBe(true);
    await make('gone/x', { x: [['x', A]] });
    expect(existsSync(join(cwd, 'gone'))).toBe(false);
  });

  it('follows links that stay inside, and makes nothing through one that leads out', async () => {
    mkdirSync(join(cwd, 'out/real'), { recursive: true });
    mkdirSync(join(cwd, 'elsewhere'));
    symlinkSync('real', join(cwd, 'out/inside'));
    symlinkSync('../elsewhere', join(cwd, 'out/outside'));
    await make('out', { 'inside/': [['inside/a/x', A]] });
    expect(existsSync(join(cwd, 'out/real/a'))).toBe(true);
    await expect(make('out', { 'outside/': [['outside/a/x', A]] })).rejects.toMatchObject({
      code: 'OUTSIDE_FOLDER',
    });
    expect(existsSync(join(cwd, 'elsewhere/a'))).toBe(false);
  });

  it('accepts an output folder that is a link itself, and names a file in the way', async () => {
    mkdirSync(join(cwd, 'disk'));
    symlinkSync('disk', join(cwd, 'link'));
    await make('link', { 'p/': [['p/x', A]] });
    expect(existsSync(join(cwd, 'disk/p'))).toBe(true);
    writeFileSync(join(cwd, 'disk/q'), '');
    await expect(make('link', { 'q/': [['q/x', A]] })).rejects.toMatchObject({
      code: 'TARGET_EXISTS',
    });
  });
});

describe('downloadPaths', () => {
  it('puts its files beside the output', () => {
    expect(downloadPaths('/a/b.iso')).toMatchObject({
      folder: '/a',
      part: '/a/b.iso.part',
      record: '/a/b.iso.part.resume',
    });
  });

  it('finds room for a name of full length', () => {
    for (const name of ['x'.repeat(255), 'ä'.repeat(127), '☃'.repeat(85)]) {
      const { lock, part } = downloadPaths(join('/a', name));
      expect(Buffer.byteLength(lock.slice('/a/'.length))).toBeLessThanOrEqual(255);
      expect(part).not.toContain('\ufffd');
      expect(part).not.toBe(downloadPaths(join('/a', `${name.slice(0, -1)}y`)).part);
    }
  });
});
