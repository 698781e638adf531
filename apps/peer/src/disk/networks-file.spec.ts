import { statSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseIdentity, parseInviteToken } from '#protocol';
import { TempDir } from '../../../../test/support/temp-dir.js';
import { NetworksFile, type RememberedNetwork } from './networks-file.js';

const FIRST: RememberedNetwork = {
  fingerprint: parseIdentity('a'.repeat(32)),
  trackers: [{ host: '10.0.0.5', port: 7070 }],
  key: 'first-key',
  token: parseInviteToken('c'.repeat(26)),
  joinedAt: '2026-01-02T03:04:05.678Z',
};
const SECOND: RememberedNetwork = {
  ...FIRST,
  fingerprint: parseIdentity('b'.repeat(32)),
  trackers: [{ host: 'fe80::1', port: 7071 }],
  key: 'second-key',
};

it('knows no network in a new home', async () => {
  await using dir = await TempDir.create();
  expect(new NetworksFile(dir.path).list()).toEqual([]);
});

it('remembers networks in the order in which they were joined, for its owner alone', async () => {
  await using dir = await TempDir.create();
  const file = new NetworksFile(dir.path);
  await file.remember(FIRST);
  await file.remember(SECOND);
  expect(new NetworksFile(dir.path).list()).toEqual([FIRST, SECOND]);
  await file.remember({ ...FIRST, joinedAt: '2026-02-02T03:04:05.678Z' });
  expect(file.list().map(({ key }) => key)).toEqual(['second-key', 'first-key']);
  expect(statSync(join(dir.path, 'networks.json')).mode & 0o777).toBe(0o600);
  expect(await readdir(dir.path)).toEqual(['networks.json']);
});

it('puts the tracker named last first, and keeps those that it knew', async () => {
  await using dir = await TempDir.create();
  const file = new NetworksFile(dir.path);
  const other = { host: '10.0.0.6', port: 7070 };
  await file.remember(FIRST);
  await file.remember({ ...FIRST, trackers: [other] });
  expect(file.list()[0]!.trackers).toEqual([other, ...FIRST.trackers]);
  await file.remember(FIRST);
  expect(file.list()[0]!.trackers).toEqual([...FIRST.trackers, other]);
});

it('forgets the oldest of too many', async () => {
  await using dir = await TempDir.create();
  const file = new NetworksFile(dir.path);
  const letters = Array.from('abcdefghijklmnopqrstuvwxyz234567');
  const starts = ['y', 'z'].flatMap((start) => letters.map((letter) => start + letter));
  const fingerprints = starts.map((start) => parseIdentity(start.repeat(16)));
  for (const fingerprint of [...fingerprints, SECOND.fingerprint]) {
    await file.remember({ ...FIRST, fingerprint });
  }
  const kept = file.list().map(({ fingerprint }) => fingerprint);
  expect(kept).toEqual([...fingerprints.slice(1), SECOND.fingerprint]);
});

it('loses none of what several remember at once', async () => {
  await using dir = await TempDir.create();
  await Promise.all([
    new NetworksFile(dir.path).remember(FIRST),
    new NetworksFile(dir.path).remember(SECOND),
  ]);
  const fingerprints = new NetworksFile(dir.path).list().map(({ fingerprint }) => fingerprint);
  expect(fingerprints.sort()).toEqual([FIRST.fingerprint, SECOND.fingerprint]);
});

it('leaves a damaged file alone, and quotes nothing of it', async () => {
  await using dir = await TempDir.create();
  const file = new NetworksFile(dir.path);
  for (const text of ['{', 'null', '{"networks":[{"token":"very secret"}]}', '{"networks":7}']) {
    writeFileSync(join(dir.path, 'networks.json'), text);
    expect(() => file.list()).toThrow(/networks\.json is damaged: move it away, then join again$/);
    await expect(file.remember(FIRST)).rejects.toMatchObject({ code: 'DISK_FAILED' });
  }
});
