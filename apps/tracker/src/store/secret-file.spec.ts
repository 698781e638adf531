import { chmod, readdir, stat, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TempDir } from '../../../../test/support/temp-dir.js';
import { readSecretFile, writeSecretFile } from './secret-file.js';

let folder: TempDir;
beforeEach(async () => {
  folder = await TempDir.create();
});
afterEach(() => folder[Symbol.asyncDispose]());

it('is its owner’s alone, also where it takes the place of one that was not', async () => {
  const path = folder.file('secret');
  expect(await readSecretFile(path)).toBeUndefined();
  await writeFile(path, 'seen by all');
  await chmod(path, 0o644);
  await writeSecretFile(path, 'seen by none');
  expect(await readSecretFile(path)).toBe('seen by none');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder.path)).toEqual(['secret']);
});

it('leaves what is there when it cannot be replaced', async () => {
  const path = folder.file('missing/secret');
  await expect(writeSecretFile(path, 'text')).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(readSecretFile(folder.path)).rejects.toMatchObject({ code: 'EISDIR' });
});
