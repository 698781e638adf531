import 'reflect-metadata';
import { createPublicKey } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import type { NestApplicationContextOptions } from '@nestjs/common/internal';
import { NestFactory } from '@nestjs/core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  CREDENTIAL_LIFETIME_MS,
  createIdentityKey,
  identityOfKey,
  networkKeyOf,
  newPeerId,
  verifyCredential,
} from '#identity';
import { parseGroup, parseInvite, type Identity, type MembershipNews } from '#protocol';
import { TempDir } from '../../../../test/support/temp-dir.js';
import { AppModule } from '../app.module.js';
import { OpenDatabase } from '../store/open-database.js';
import { toTrackerConfig } from '../tracker.config.js';
import { Credentials } from './credentials.service.js';
import { Enrolment } from './enrolment.service.js';
import { FirstInvite } from './first-invite.service.js';
import { MembershipDesk } from './membership-desk.js';
import { MembershipGate } from './membership-gate.js';
import { openTrackerKey, type TrackerKey } from './tracker-key.js';

const START_MS = Date.UTC(2026, 0, 5);

let folder: TempDir;
let database: OpenDatabase;
let key: TrackerKey;
let app: INestApplicationContext;
let token: string;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: START_MS });
  folder = await TempDir.create();
  database = await OpenDatabase.open(folder.file('tracker.db'));
  key = await openTrackerKey(folder.path);
  const config = toTrackerConfig({
    host: '127.0.0.1',
    port: '0',
    httpHost: '127.0.0.1',
    httpPort: '0',
    data: folder.path,
    userFolder: folder.path,
    databaseUrl: undefined,
    lease: '60s',
    keepHistory: '7d',
    keepCompletions: '21d',
    advertise: undefined,
    insecure: false,
  });
  const module = AppModule.with(config, database, key);
  const options: Pick<NestApplicationContextOptions, 'logger'> = { logger: ['error'] };
  app = await NestFactory.createApplicationContext(module, options);
  const shown = await app.get(FirstInvite).open({ host: '127.0.0.1', port: 7070 });
  token = parseInvite(shown!.line).token;
});
afterEach(async () => {
  vi.useRealTimers();
  await app.close();
  await database.close();
  await folder[Symbol.asyncDispose]();
});

async function enrolled(): Promise<Identity> {
  const identity = identityOfKey(createIdentityKey());
  await app.get(Enrolment).enrol({ token, hostname: 'test-host' }, identity);
  return identity;
}

async function news(
  identity: Identity,
  peerId: string,
  when: 'join' | 'heartbeat' = 'heartbeat',
): Promise<MembershipNews> {
  const asker = await app.get(MembershipGate).admit({ pattern: when, data: {} }, identity);
  return app.get(Credentials).newsFor(asker, peerId, when);
}

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

function verify(credential: string | undefined, holder: Identity) {
  const network = networkKeyOf(createPublicKey(key.issuer.privateKey));
  return verifyCredential(credential!, { network, holder, nowMs: Date.now() });
}

it('gives each process the same credential twice, and the next one after half of its time', async () => {
  const identity = await enrolled();
  const [one, two] = [newPeerId(identity), newPeerId(identity)];
  const { credential: first, timeMs } = await news(identity, one, 'join');
  expect(timeMs).toBe(START_MS);
  expect(await verify(first, identity)).toMatchObject({ role: 'publisher', groups: [] });
  pass(1_000);
  expect((await news(identity, one)).credential).toBe(first);
  expect(await news(identity, one)).not.toHaveProperty('credential');
  expect((await news(identity, two, 'join')).credential).toBe(first);
  pass(CREDENTIAL_LIFETIME_MS / 2);
  const { credential: second } = await news(identity, one);
  expect(second).not.toBe(first);
  expect((await news(identity, two)).credential).toBe(second);
  expect((await verify(second, identity)).expiresAtMs).toBe(Date.now() + CREDENTIAL_LIFETIME_MS);
});

it('gives a new one at once when it has to say something else', async () => {
  const identity = await enrolled();
  const peerId = newPeerId(identity);
  await news(identity, peerId, 'join');
  using desk = await MembershipDesk.open(folder.path);
  await desk.setGroups(identity, [parseGroup('team')]);
  const { credential } = await news(identity, peerId);
  expect(await verify(credential, identity)).toMatchObject({ groups: ['team'] });
});

it('goes on when the clock was set back', async () => {
  const identity = await enrolled();
  const peerId = newPeerId(identity);
  await news(identity, peerId, 'join');
  pass(-3_600_000);
  const { credential } = await news(identity, peerId);
  expect((await verify(credential, identity)).issuedAtMs).toBe(Date.now());
});

it('names who was revoked for as long as a credential of theirs may last', async () => {
  const [bystander, alone, byInvite] = [await enrolled(), await enrolled(), await enrolled()];
  const peerId = newPeerId(bystander);
  using desk = await MembershipDesk.open(folder.path);
  await desk.revoke(alone, Date.now());
  expect((await news(bystander, peerId)).revoked).toEqual([alone]);
  pass(CREDENTIAL_LIFETIME_MS + 1_000);
  expect(await news(bystander, peerId)).not.toHaveProperty('revoked');
  const made = await desk.invite({
    role: 'reader',
    groups: [],
    expiresAtMs: Date.now() + 5_000,
    maxUses: null,
  });
  const { token: short } = parseInvite(made.invite);
  await app.get(Enrolment).enrol({ token: short, hostname: 'test-host' }, byInvite);
  expect(await news(bystander, peerId)).not.toHaveProperty('revoked');
  pass(5_000);
  expect((await news(bystander, peerId)).revoked).toEqual([byInvite]);
});
