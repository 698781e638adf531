import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseGroup, parseInvite, type Role } from '#protocol';
import { MembershipDesk } from '../../apps/tracker/src/membership/membership-desk.js';
import { FIRST_INVITE, type InviteTerms } from '../../apps/tracker/src/membership/new-invite.js';
import { SecuredTracker } from '../support/secured-tracker.js';
import { newTlsIdentity } from '../support/tls-identity.js';
import type { TrackerCaller } from '../support/tracker-caller.js';
import { sampleFile } from '../support/tracker-peer.js';

const code = (name: string) => expect.objectContaining({ code: name }) as unknown;

let secured: SecuredTracker;
/** What the operator's commands do, over a connection of its own to the database. */
let desk: MembershipDesk;
beforeAll(async () => {
  secured = await SecuredTracker.start();
  desk = await MembershipDesk.open(secured.data);
});
afterAll(async () => {
  desk[Symbol.dispose]();
  await secured[Symbol.asyncDispose]();
});

const list = (caller: TrackerCaller) => caller.call('list', { prefix: '', limit: 1 });

async function makeInvite(
  terms: Partial<InviteTerms> = {},
): Promise<{ id: string; token: string }> {
  const { id, invite } = await desk.invite({ ...FIRST_INVITE, ...terms });
  return { id, token: parseInvite(invite).token };
}

/** As an admin could from a shell. */
function change(sql: string, ...parameters: string[]): void {
  const database = new Sqlite(`${secured.data}/tracker.db`, { timeout: 5_000 });
  database.prepare(sql).run(...parameters);
  database.close();
}

it('makes invites with a role, groups, an end and a number of uses', async () => {
  const flags = ['--role', 'reader', '--group', 'b', '--group', 'a', '--uses', '1', '--json'];
  const made = await secured.run('invite', ...flags);
  expect(made.stderr).toBe('');
  const { data } = JSON.parse(made.stdout) as { data: { id: string; invite: string } };
  const { token } = parseInvite(data.invite);
  const reader = await newTlsIdentity();
  const terms = { role: 'reader', groups: ['a', 'b'] };
  expect(await secured.enrol(reader, token)).toEqual(terms);
  expect(await secured.enrol(reader, token)).toEqual(terms);
  await expect(secured.enrol(await newTlsIdentity(), token)).rejects.toThrow(
    code('INVITE_USED_UP'),
  );
  const lists = await secured.run('token', 'list');
  expect(lists.stdout).toMatch(new RegExp(`^${data.id} +reader +a,b +1/1 +never +used up$`, 'm'));
  expect(lists.stdout).toContain(reader.identity);
  expect(lists.stdout).not.toContain(token);
  const over = await makeInvite({ expiresAtMs: Date.now() });
  await expect(secured.enrol(await newTlsIdentity(), over.token)).rejects.toThrow(
    code('INVITE_EXPIRED'),
  );
});

it('takes the terms of another invite that is shown, but not those of the same one again', async () => {
  const admin = await makeInvite({ role: 'admin' });
  const who = await secured.newMember();
  expect(await secured.enrol(who, admin.token)).toEqual({ role: 'admin', groups: [] });
  const run = await secured.run('token', 'groups', who.identity, '--set', 'b,a');
  expect(run.stdout).toBe(`member ${who.identity} is in a, b\n`);
  const now = { role: 'admin', groups: ['a', 'b'] };
  expect(await secured.enrol(who, admin.token)).toEqual(now);
  // Nor does an older one undo what an operator has set.
  expect(await secured.enrol(who)).toEqual({ role: 'publisher', groups: ['a', 'b'] });
  expect(await secured.enrol(who, admin.token)).toEqual(now);
});

it('refuses a revoked member at once, on connections that are open, until it has a newer invite', async () => {
  const older = await makeInvite();
  const [who, other] = [await secured.newMember(), await secured.newMember()];
  await using caller = await secured.callAs(who);
  await using bystander = await secured.join(other);
  await list(caller);
  const run = await secured.run('token', 'revoke', who.identity);
  expect(run.stdout).toContain(`revoked member ${who.identity}`);
  await expect(list(caller)).rejects.toThrow(code('MEMBER_REVOKED'));
  const { revoked } = await bystander.callAs('heartbeat', { bytesUp: 0, bytesDown: 0 });
  expect(revoked).toContain(who.identity);
  for (const { token } of [secured.invite, older]) {
    await expect(secured.enrol(who, token)).rejects.toThrow(code('MEMBER_REVOKED'));
  }
  await secured.enrol(who, (await makeInvite()).token);
  await list(caller);
  const later = await bystander.callAs('heartbeat', { bytesUp: 0, bytesDown: 0 });
  expect(later.revoked ?? []).not.toContain(who.identity);
});

it('refuses the members of an invite that is revoked, or whose time is over', async () => {
  const [one, two] = [await makeInvite(), await makeInvite()];
  await using revoked = await secured.callAs(await secured.newMember(one.token));
  await using expired = await secured.callAs(await secured.newMember(two.token));
  for (const caller of [revoked, expired]) await list(caller);
  expect(await desk.revoke(one.id, Date.now())).toMatchObject({ kind: 'invite', memberCount: 1 });
  change('UPDATE invites SET expires_at = ? WHERE id = ?', '2026-01-05T00:00:00.000Z', two.id);
  await expect(list(revoked)).rejects.toThrow(code('MEMBER_REVOKED'));
  await expect(list(expired)).rejects.toThrow(code('MEMBER_EXPIRED'));
});

it('lets readers hold, publishers name, and admins purge what others named', async () => {
  const tokenOf = async (role: Role) => (await makeInvite({ role })).token;
  await using publisher = await secured.join(await secured.newMember());
  await using other = await secured.join(await secured.newMember());
  await using reader = await secured.join(await secured.newMember(await tokenOf('reader')));
  await using admin = await secured.join(await secured.newMember(await tokenOf('admin')));
  const file = sampleFile({ seed: 1, chunkCount: 2 });
  const ok = [{ ok: true }];
  expect(await publisher.register(file, { name: 'a' })).toEqual(ok);
  for (const naming of ['publish', 'replace'] as const) {
    const results = await reader.register(file, { name: 'b', naming });
    expect(results).toMatchObject([{ ok: false, code: 'NOT_ALLOWED' }]);
  }
  expect(await reader.register(file, { name: 'c', naming: 'keep' })).toEqual(ok);
  const { files } = await reader.call('list', { prefix: '', limit: 10 });
  expect(files).toMatchObject([{ name: 'a', seeders: 2 }]);
  const purge = { files: [{ ref: 'a', scope: 'peer', naming: 'purge' }] } as const;
  for (const peer of [other, reader]) {
    const { results } = await peer.callAs('unshare', purge);
    expect(results).toMatchObject([{ code: 'NAME_NOT_YOURS' }]);
  }
  expect(await admin.callAs('unshare', purge)).toEqual({ results: ok });
  expect(await reader.call('list', { prefix: '', limit: 10 })).toMatchObject({ total: 0 });
});

it('gives all who joined by an invite other groups', async () => {
  const { id, token } = await makeInvite();
  const who = await secured.newMember(token);
  const groups = [parseGroup('x')];
  expect(await desk.setGroups(id, groups)).toEqual({ kind: 'invite', id, memberCount: 1 });
  expect(await secured.enrol(who, token)).toMatchObject({ groups });
  expect(await secured.enrol(await newTlsIdentity(), token)).toMatchObject({ groups });
});

it('knows no other ids', async () => {
  for (const args of [
    ['revoke', 'inv-nobody'],
    ['groups', 'inv-nobody', '--set', ''],
  ]) {
    const run = await secured.run('token', ...args);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toContain('inv-nobody');
  }
});
