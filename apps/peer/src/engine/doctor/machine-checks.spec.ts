import { mkdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { TempDir } from '../../../../../test/support/temp-dir.js';
import { openHome } from '../open-home.js';
import { checkDisk, checkNative, checkVersion, MIN_NODE_VERSION } from './machine-checks.js';

it('knows which Node the package asks for', async () => {
  const path = new URL('../../../../../package.json', import.meta.url);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
    engines: { ['node']: `>=${MIN_NODE_VERSION}` },
  });
});

it('says when Node is too old', () => {
  for (const version of ['v18.0.0', 'v20.18.9', 'v20.19.2', 'v8.99.99']) {
    expect(checkVersion('1.2.3', version)).toMatchObject({
      state: 'failed',
      message: expect.stringContaining(`1.2.3 on Node ${version}`) as string,
      advice: expect.stringContaining(MIN_NODE_VERSION) as string,
    });
  }
  for (const version of ['v20.19.3', 'v20.20.0', 'v24.0.0', 'v100.0.0']) {
    expect(checkVersion('1.2.3', version)).not.toMatchObject({ state: 'failed' });
  }
});

it('has the compiled part compute what is known', () => {
  expect(checkNative()).toMatchObject({ state: 'ok' });
});

it('says how much room there is, where it is and what to do when a folder is missing', async () => {
  await using dir = await TempDir.create();
  const home = await openHome(dir.file('home'));
  await mkdir(dir.file('here'));
  const found = await checkDisk(home, dir.file('here'));
  expect(found.message).toContain(home.path);
  expect(found.message).toContain(dir.file('here'));
  expect(await checkDisk(home, dir.file('gone'))).toMatchObject({
    state: 'warning',
    message: expect.stringContaining(dir.file('gone')) as string,
    advice: expect.stringContaining('-o FOLDER') as string,
  });
});
