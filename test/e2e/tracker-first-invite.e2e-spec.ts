import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { formatInvite, parseInvite } from '#protocol';
import { MembershipDesk } from '../../apps/tracker/src/membership/membership-desk.js';
import { pointerOf, SecuredTracker } from '../support/secured-tracker.js';
import { startTracker } from '../support/start-tracker.js';
import { newTlsIdentity } from '../support/tls-identity.js';

const code = (name: string) => expect.objectContaining({ code: name }) as unknown;

let secured: SecuredTracker;
beforeEach(async () => {
  secured = await SecuredTracker.start();
});
afterEach(() => secured[Symbol.asyncDispose]());

it('shows the same invite at every start, with the address of that start', async () => {
  const { tracker, invite } = secured;
  expect(tracker.readyLine).toBe(
    `ready peers=${tracker.url} http=127.0.0.1:${tracker.http.port} invite=${tracker.invite}`,
  );
  await tracker.restart();
  expect(secured.invite).toEqual(invite);
  await tracker.kill();
  await using moved = await startTracker({
    access: 'secured',
    data: secured.data,
    flags: ['--json', '--advertise', 'tracker.example'],
  });
  const advertised = { host: 'tracker.example', port: moved.address.port };
  expect(parseInvite(moved.invite)).toEqual({ ...invite, tracker: advertised });
  expect(await readFile(`${secured.data}/invite`, 'utf8')).toBe(`${moved.invite}\n`);
  const local = parseInvite((await readFile(pointerOf(moved), 'utf8')).trim());
  expect(local).toEqual({ ...invite, tracker: moved.address });
});

it('replaces an invite of another tracker, and one that was revoked or lost', async () => {
  const { tracker, invite, data } = secured;
  const other = formatInvite({ ...invite, fingerprint: (await newTlsIdentity()).identity });
  await tracker.kill();
  await writeFile(`${data}/invite`, `${other}\n`);
  await tracker.start();
  const second = secured.invite;
  expect(second.fingerprint).toBe(invite.fingerprint);
  expect(second.token).not.toBe(invite.token);
  using desk = await MembershipDesk.open(data);
  const { invites } = await desk.list(Date.now());
  await desk.revoke(invites.at(-1)!.id, Date.now());
  await tracker.restart();
  const third = secured.invite;
  expect(third.token).not.toBe(second.token);
  await expect(secured.enrol(await newTlsIdentity(), second.token)).rejects.toThrow(
    code('INVITE_UNKNOWN'),
  );
  await rm(`${data}/invite`);
  await tracker.restart();
  expect(secured.invite.token).not.toBe(third.token);
  await secured.enrol(await newTlsIdentity(), third.token);
});

it('goes on with the invite that people have when its database was made anew', async () => {
  const { tracker, invite, data } = secured;
  await tracker.kill();
  for (const suffix of ['', '-wal', '-shm'])
    await rm(`${data}/tracker.db${suffix}`, { force: true });
  await tracker.start();
  expect(secured.invite).toEqual(invite);
  await secured.enrol(await newTlsIdentity());
});

it('refuses a damaged key, and makes no other', async () => {
  const { tracker, data } = secured;
  await tracker.kill();
  const kept = await readFile(`${data}/tracker.key`, 'utf8');
  await writeFile(`${data}/tracker.key`, kept.slice(0, 60));
  const run = await secured.run('start', '--port', '0', '--http-port', '0', '--json');
  expect(run.exitCode).toBe(1);
  expect(JSON.parse(run.stdout)).toMatchObject({ error: { code: 'KEY_UNUSABLE' } });
  expect(await readFile(`${data}/tracker.key`, 'utf8')).toBe(kept.slice(0, 60));
});

it('makes another key where there is none, and says what that means for members', async () => {
  const { tracker, invite, data } = secured;
  await secured.newMember();
  await tracker.kill();
  await rm(`${data}/tracker.key`);
  await tracker.start();
  expect(secured.invite.fingerprint).not.toBe(invite.fingerprint);
  expect(secured.invite.token).not.toBe(invite.token);
  expect(tracker.stderr).toMatch(/warn .*there was no tracker.key/);
});
