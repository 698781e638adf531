import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newInviteToken } from '#identity';
import { TempDir } from '../../../../test/support/temp-dir.js';
import { OpenDatabase, rawConnection } from '../store/open-database.js';
import { SqliteSql } from '../store/sqlite-sql.js';
import { AdminTokens, MAX_VALID_TOKEN_COUNT, TooManyTokensError } from './admin-tokens.js';

const NOW_MS = Date.UTC(2026, 0, 5);

let folder: TempDir;
let database: OpenDatabase;
let tokens: AdminTokens;

beforeEach(async () => {
  folder = await TempDir.create();
  database = await OpenDatabase.open(folder.file('tracker.db'));
  tokens = new AdminTokens(new SqliteSql(rawConnection(database.writer)));
});
afterEach(async () => {
  await database.close();
  await folder[Symbol.asyncDispose]();
});

const forEver = { label: 'ops', expiresAtMs: undefined };

it('lets in the token that was made, and nothing else', async () => {
  expect(await tokens.validCount(NOW_MS)).toBe(0);
  const { token, kept } = await tokens.create(forEver, NOW_MS);
  expect(await tokens.isValid(token, NOW_MS)).toBe(true);
  for (const other of [
    newInviteToken(),
    token.slice(1),
    `${token}a`,
    kept.id,
    '',
    'x'.repeat(1e6),
  ]) {
    expect(await tokens.isValid(other, NOW_MS)).toBe(false);
  }
});

it('ends when its time is over', async () => {
  const { token } = await tokens.create({ label: '', expiresAtMs: NOW_MS + 1_000 }, NOW_MS);
  expect(await tokens.isValid(token, NOW_MS + 999)).toBe(true);
  expect(await tokens.isValid(token, NOW_MS + 1_000)).toBe(false);
});

it('ends when it is revoked, and is still listed', async () => {
  const { token, kept } = await tokens.create(forEver, NOW_MS);
  const other = await tokens.create(forEver, NOW_MS + 1);
  const revoked = await tokens.revoke(kept.id, NOW_MS + 5);
  expect(revoked).toEqual({ ...kept, revokedAt: '2026-01-05T00:00:00.005Z' });
  expect(await tokens.revoke(kept.id, NOW_MS + 9)).toEqual(revoked);
  expect(await tokens.revoke('adm-nobody', NOW_MS)).toBeUndefined();
  expect(await tokens.isValid(token, NOW_MS + 6)).toBe(false);
  expect(await tokens.isValid(other.token, NOW_MS + 6)).toBe(true);
  expect(await tokens.list()).toEqual([revoked, other.kept]);
});

it('is nowhere in the database, only its hash is', async () => {
  const { token } = await tokens.create(forEver, NOW_MS);
  await database.close();
  const bytes = readFileSync(folder.file('tracker.db'));
  expect(bytes.includes('adm-')).toBe(true);
  expect(bytes.includes(token)).toBe(false);
});

it('is one of a few', async () => {
  for (let count = 0; count < MAX_VALID_TOKEN_COUNT; count += 1) {
    await tokens.create({ label: '', expiresAtMs: NOW_MS + 1 }, NOW_MS);
  }
  await expect(tokens.create(forEver, NOW_MS)).rejects.toThrow(TooManyTokensError);
  await tokens.create(forEver, NOW_MS + 1);
});
