import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { expandSharedPaths } from './shared-paths.js';

const { signal } = new AbortController();

let cwd: string;

beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'shoal-shared-')));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
});

function write(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), path);
  }
}

async function names(paths: string[], options: { name?: string; prefix?: string } = {}) {
  const found = await expandSharedPaths({ paths, cwd, ...options }, { signal });
  return found.map(({ name }) => name);
}

function refusal(paths: string[], options: { name?: string; prefix?: string } = {}) {
  return expect(expandSharedPaths({ paths, cwd, ...options }, { signal })).rejects;
}

describe('expandSharedPaths', () => {
  it('names files by their base name and those of a folder from the folder on', async () => {
    write('x/a.iso', 'tree/b', 'tree/sub/c', 'tree/.hidden');
    expect(await names(['x/a.iso', 'tree'])).toEqual([
      'a.iso',
      'tree/.hidden',
      'tree/b',
      'tree/sub/c',
    ]);
    expect(await names([join(cwd, 'tree/sub/')])).toEqual(['sub/c']);
    const found = await expandSharedPaths({ paths: ['x/a.iso'], cwd }, { signal });
    expect(found).toEqual([{ path: join(cwd, 'x/a.iso'), name: 'a.iso', sizeBytes: 7 }]);
  });

  it('takes the real name of the current folder', async () => {
    write('b');
    expect(await names(['.'])).toEqual([`${basename(cwd)}/b`]);
  });

  it('puts a prefix before all names and a given name in the place of one', async () => {
    write('a', 'tree/b');
    expect(await names(['a', 'tree'], { prefix: 'v1' })).toEqual(['v1/a', 'v1/tree/b']);
    expect(await names(['a'], { prefix: 'v1/x/', name: 'n/m' })).toEqual(['v1/x/n/m']);
    await refusal(['a', 'tree/b'], { name: 'n' }).toMatchObject({ code: 'USAGE' });
    await refusal(['tree'], { name: 'n' }).toMatchObject({ code: 'USAGE' });
    await refusal(['a'], { prefix: '../up' }).toMatchObject({ code: 'INVALID_NAME' });
  });

  it('names what is missing, empty or no file', async () => {
    mkdirSync(join(cwd, 'empty/nested'), { recursive: true });
    mkdirSync(join(cwd, 'special'));
    execFileSync('mkfifo', [join(cwd, 'special/pipe')]);
    write('file');
    await refusal(['none']).toMatchObject({ code: 'PATH_NOT_FOUND' });
    await refusal(['file/below']).toMatchObject({ code: 'PATH_NOT_FOUND' });
    await refusal(['empty']).toMatchObject({ code: 'USAGE' });
    await refusal(['special']).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('special/pipe') as string,
    });
    await refusal(['special/pipe']).toMatchObject({ code: 'USAGE' });
    await refusal(['/']).toMatchObject({ code: 'USAGE' });
  });

  it('refuses names that are not safe everywhere, with the reason', async () => {
    for (const name of ['a\\b', 'a\nb', 'con', 'x.', '?', 'nul.txt']) {
      write(`bad/${name}`);
      await refusal([`bad/${name}`]).toMatchObject({
        code: 'INVALID_NAME',
        message: expect.stringContaining('not valid: ') as string,
      });
    }
    await refusal(['bad']).toMatchObject({ code: 'INVALID_NAME' });
  });

  it('refuses a name that is not UTF-8', async () => {
    mkdirSync(join(cwd, 'latin'));
    const path = Buffer.concat([Buffer.from(join(cwd, 'latin/')), Buffer.from([0x62, 0xe4])]);
    writeFileSync(path, '');
    await refusal(['latin']).toMatchObject({ code: 'INVALID_NAME' });
  });

  it('normalises names, and refuses two files of one name', async () => {
    write('nfd/a\u0308');
    expect(await names(['nfd'])).toEqual(['nfd/\u00e4']);
    write('nfd/\u00e4');
    await refusal(['nfd']).toMatchObject({ code: 'INVALID_NAME' });
    write('x/same', 'y/same');
    await refusal(['x/same', 'y/same']).toMatchObject({ code: 'INVALID_NAME' });
    expect(await names(['x/same', 'x/same', './x/same'])).toEqual(['same']);
  });

  it('follows links to files inside, passes over links to folders inside', async () => {
    write('tree/real/a');
    symlinkSync('real/a', join(cwd, 'tree/link'));
    symlinkSync('..', join(cwd, 'tree/real/cycle'));
    symlinkSync('real', join(cwd, 'tree/folder-link'));
    expect(await names(['tree'])).toEqual(['tree/link', 'tree/real/a']);
  });

  it('refuses links out of the folder and links to nowhere', async () => {
    write('tree/a', 'treeful/b', 'other/c');
    for (const target of ['../treeful/b', '../treeful', join(cwd, 'other/c'), '/etc/hostname']) {
      symlinkSync(target, join(cwd, 'tree/out'));
      await refusal(['tree']).toMatchObject({ code: 'OUTSIDE_FOLDER' });
      rmSync(join(cwd, 'tree/out'));
    }
    symlinkSync('out', join(cwd, 'tree/out'));
    await refusal(['tree']).toMatchObject({ code: 'PATH_NOT_FOUND' });
  });

  it('follows a link that was named itself', async () => {
    write('tree/a');
    symlinkSync('tree', join(cwd, 'link'));
    symlinkSync('tree/a', join(cwd, 'file-link'));
    expect(await names(['link', 'file-link'])).toEqual(['file-link', 'link/a']);
  });

  it('passes over unfinished downloads', async () => {
    write('tree/a', 'tree/b.part', 'tree/b.part.resume', 'tree/b.part.resume.tmp', 'tree/c.part');
    expect(await names(['tree'])).toEqual(['tree/a', 'tree/c.part']);
  });

  it('finds thousands of files, in order', async () => {
    const expected = Array.from({ length: 3000 }, (_, index) => `many/${index}`).sort();
    write(...expected);
    expect(await names(['many'])).toEqual(expected);
  });
});
