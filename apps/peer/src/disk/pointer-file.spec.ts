import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { formatInvite, parseIdentity, parseInviteToken, type Invite } from '#protocol';
import { TempDir } from '../../../../test/support/temp-dir.js';
import { readPointerFile } from './pointer-file.js';

const INVITE: Invite = {
  tracker: { host: '127.0.0.1', port: 7070 },
  token: parseInviteToken('t'.repeat(26)),
  fingerprint: parseIdentity('a'.repeat(32)),
};

it('finds the invite that a tracker has left, or none', async () => {
  await using dir = await TempDir.create();
  const path = dir.file('tracker-invite');
  expect(readPointerFile(path)).toBeUndefined();
  writeFileSync(path, `${formatInvite(INVITE)}\n`);
  expect(readPointerFile(path)).toEqual(INVITE);
});

it('takes anything else for damage, and does not quote it', async () => {
  await using dir = await TempDir.create();
  const path = dir.file('tracker-invite');
  for (const text of ['', 'shoal://', formatInvite(INVITE).slice(0, -1)]) {
    writeFileSync(path, text);
    expect(() => readPointerFile(path)).toThrow(
      `${path} holds no invite: start the tracker of this machine again, which writes it`,
    );
  }
});
