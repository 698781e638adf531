import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseIdentity } from '#protocol';
import { createIdentityKey, identityOfKey } from '#identity';
import { Home } from './home.js';

const KEYS = { create: createIdentityKey, identityOf: identityOfKey };

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-home-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'deep', 'home');
}

describe('Home', () => {
  it('makes a private folder and key at first use, and keeps them', async () => {
    const path = newPath();
    const home = await Home.open(path, KEYS);
    expect(home.path).toBe(path);
    expect(parseIdentity(home.identity)).toBe(home.identity);
    expect(home.config).toEqual({});
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, 'identity.key')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(path, 'identity.key'), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY/);
    expect(readdirSync(path)).toEqual(['identity.key']);
    expect((await Home.open(path, KEYS)).identity).toBe(home.identity);
  });

  it('has one identity, whoever comes first', async () => {
    const path = newPath();
    const homes = await Promise.all(Array.from({ length: 20 }, () => Home.open(path, KEYS)));
    expect(new Set(homes.map(({ identity }) => identity)).size).toBe(1);
    expect(readdirSync(path)).toEqual(['identity.key']);
  });

  it('reads the configuration strictly', async () => {
    const path = newPath();
    mkdirSync(path, { recursive: true });
    const configPath = join(path, 'config.json');
    writeFileSync(configPath, '{"tracker": "tracker.example:7070"}');
    expect((await Home.open(path, KEYS)).config).toEqual({ tracker: 'tracker.example:7070' });
    for (const text of ['', '[]', 'null', '"x"', '{"tracker": }']) {
      writeFileSync(configPath, text);
      await expect(Home.open(path, KEYS)).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining(configPath) as string,
      });
    }
  });

  it('never replaces a key it cannot read', async () => {
    const path = newPath();
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'identity.key'), 'damaged');
    await expect(Home.open(path, KEYS)).rejects.toMatchObject({ code: 'DISK_FAILED' });
    expect(readFileSync(join(path, 'identity.key'), 'utf8')).toBe('damaged');
  });

  it('says what is wrong with a place where no folder can be', async () => {
    const path = newPath();
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'a file');
    await expect(Home.open(path, KEYS)).rejects.toMatchObject({
      message: expect.stringContaining(path) as string,
    });
    await expect(Home.open('/dev/null/home', KEYS)).rejects.toMatchObject({
      name: 'TransferError',
    });
  });
});
