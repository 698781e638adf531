import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { verifyGrant } from '#identity';
import { parseDigest, parseGroup, parseInvite, type GroupName, type Role } from '#protocol';
import { MembershipDesk } from '../../apps/tracker/src/membership/membership-desk.js';
import { FIRST_INVITE } from '../../apps/tracker/src/membership/new-invite.js';
import { SecuredTracker } from '../support/secured-tracker.js';
import { startTracker } from '../support/start-tracker.js';
import { networkKeyOfPem } from '../support/tls-identity.js';
import { sampleFile, TrackerPeer, type SampleFile } from '../support/tracker-peer.js';

const OK = [{ ok: true }];
const RESTRICTED = [{ ok: true, restricted: true }];
const NOT_FOUND = { ok: false, code: 'FILE_NOT_FOUND' };

let secured: SecuredTracker;
let desk: MembershipDesk;
/** In the group `lab`, in `ops`, and in none. */
let lab: TrackerPeer;
let ops: TrackerPeer;
let other: TrackerPeer;
let file: SampleFile;
let seed = 0;

beforeAll(async () => {
  secured = await SecuredTracker.start();
  desk = await MembershipDesk.open(secured.data);
  lab = await joinAs(['lab']);
  ops = await joinAs(['ops', 'rest']);
  other = await joinAs([]);
});
afterAll(async () => {
  for (const peer of [lab, ops, other]) await peer[Symbol.asyncDispose]();
  desk[Symbol.dispose]();
  await secured[Symbol.asyncDispose]();
});
beforeEach(() => {
  seed += 1;
  file = sampleFile({ seed, chunkCount: 2 });
});

async function joinAs(groups: readonly string[], role: Role = 'publisher'): Promise<TrackerPeer> {
  const terms = { ...FIRST_INVITE, role, groups: groups.map((group) => parseGroup(group)) };
  const { token } = parseInvite((await desk.invite(terms)).invite);
  return secured.join(await secured.newMember(token));
}

/** Names under the prefix of the file at hand, as this peer is told. */
async function listed(peer: TrackerPeer): Promise<string[]> {
  const { files, total } = await peer.call('list', { prefix: `${seed}/`, limit: 10 });
  expect(total).toBe(files.length);
  return files.map(({ name }) => name!.slice(`${seed}/`.length));
}

const named = (name: string) => `${seed}/${name}`;
const publish = (by: TrackerPeer, name: string, allow?: string[], of: SampleFile = file) =>
  by.register(of, { name: named(name), ...(allow === undefined ? {} : { allow }) });

async function located(peer: TrackerPeer, ref: string) {
  return (await peer.call('locations', { files: [ref], limit: 10 })).files[0]!;
}

/** Everything that could tell that there is such a file. */
async function expectHidden(peer: TrackerPeer, refs: readonly string[]): Promise<void> {
  for (const ref of refs) {
    expect(await located(peer, ref)).toMatchObject(NOT_FOUND);
    const status = peer.call('status', { ref, limit: 1 });
    await expect(status).rejects.toThrow(expect.objectContaining({ code: 'FILE_NOT_FOUND' }));
    const unshare = { files: [{ ref, scope: 'identity', naming: 'purge' }] } as const;
    expect((await peer.callAs('unshare', unshare)).results).toMatchObject([NOT_FOUND]);
  }
  const asked = { files: [{ digest: file.digest, firstChunkIndex: 0 }] };
  expect((await peer.call('manifest', asked)).files).toMatchObject([NOT_FOUND]);
}

it('shows a restricted name to its groups and its publisher, and to nobody else', async () => {
  expect(await publish(other, 'open')).toEqual(OK);
  file = sampleFile({ seed: seed + 1_000, chunkCount: 2 });
  expect(await publish(other, 'secret', ['lab'])).toEqual(RESTRICTED);
  for (const peer of [lab, other]) {
    expect(await listed(peer)).toEqual(['open', 'secret']);
    expect(await located(peer, named('secret'))).toMatchObject({ ok: true, count: 1 });
    expect(await located(peer, file.digest)).toMatchObject({ file: { name: named('secret') } });
  }
  expect(await listed(ops)).toEqual(['open']);
  await expectHidden(ops, [named('secret'), file.digest]);
  expect(await listed(lab)).toEqual(['open', 'secret']);
});

it('does not tell one member from memory what it was asked for by another', async () => {
  await publish(lab, 'a', ['lab']);
  await publish(ops, 'b', ['ops'], sampleFile({ seed: seed + 1_000, chunkCount: 1 }));
  await publish(other, 'c', [], sampleFile({ seed: seed + 2_000, chunkCount: 1 }));
  for (let round = 0; round < 3; round += 1) {
    expect(await listed(lab)).toEqual(['a', 'c']);
    expect(await listed(ops)).toEqual(['b', 'c']);
    expect(await listed(other)).toEqual(['c']);
    expect(await located(lab, named('b'))).toMatchObject(NOT_FOUND);
    expect(await located(ops, named('b'))).toMatchObject({ ok: true });
  }
});

it('finds nothing for what is no name, whatever was asked for before', async () => {
  await publish(lab, 'a', ['lab']);
  expect(await located(lab, named('a'))).toMatchObject({ ok: true });
  for (const view of ['/lab\n', 'lab', '/lab', `${lab.identity}/lab\n`, `36:${lab.identity}/lab`]) {
    expect(await located(other, view + named('a'))).toMatchObject(NOT_FOUND);
  }
});

it('lets nobody but its publisher say for whom a name is', async () => {
  await publish(lab, 'a', ['lab']);
  await using colleague = await joinAs(['lab']);
  const refused = [{ ok: false, code: 'NOT_ALLOWED' }];
  for (const naming of ['publish', 'replace'] as const) {
    const change = { name: named('a'), allow: [], naming };
    expect(await colleague.register(file, change)).toMatchObject(refused);
  }
  expect(await located(other, named('a'))).toMatchObject(NOT_FOUND);
  expect(await publish(colleague, 'a', ['lab'])).toEqual(RESTRICTED);
  expect(await publish(lab, 'a', [])).toEqual(OK);
});

it('signs who may have a restricted digest, and nothing for an open one', async () => {
  await publish(other, 'open');
  expect(await located(lab, named('open'))).not.toHaveProperty('grant');
  expect(await publish(other, 'open', ['lab'])).toEqual(RESTRICTED);
  const found = await located(lab, named('open'));
  const { grant } = found as { readonly grant?: string };
  const network = networkKeyOfPem(await readFile(`${secured.data}/tracker.key`, 'utf8'));
  const check = { network, holder: lab.identity, nowMs: Date.now() };
  const digest = parseDigest(file.digest);
  expect(await verifyGrant(grant!, { ...check, digest })).toMatchObject({ digest });
  await expect(verifyGrant(grant!, { ...check, digest, holder: ops.identity })).rejects.toThrow();
  expect(await located(lab, named('open'))).toMatchObject({ grant });
  expect(await located(other, named('open'))).not.toMatchObject({ grant });
});

it('gives the digest to whoever may have any of its names', async () => {
  await publish(lab, 'a', ['lab']);
  await expectHidden(ops, [file.digest]);
  expect(await publish(lab, 'b', ['ops'])).toEqual(RESTRICTED);
  expect(await located(ops, file.digest)).toMatchObject({ ok: true, file: { name: named('b') } });
  expect(await located(ops, named('a'))).toMatchObject(NOT_FOUND);
  expect(await publish(lab, 'c')).toEqual(OK);
  expect(await located(other, file.digest)).toMatchObject({ file: { name: named('c') } });
});

it('keeps a new version for whom the name is, unless it is told otherwise', async () => {
  await publish(lab, 'a', ['lab']);
  const first = file;
  file = sampleFile({ seed: seed + 1_000, chunkCount: 2 });
  const replace = { name: named('a'), naming: 'replace' } as const;
  expect(await lab.register(file, replace)).toEqual(RESTRICTED);
  await expectHidden(ops, [named('a'), first.digest, file.digest]);
  expect(await located(lab, first.digest)).toMatchObject({ ok: true });
  expect(await lab.register(file, { ...replace, allow: ['ops'] })).toEqual(RESTRICTED);
  expect(await listed(ops)).toEqual(['a']);
  expect(await lab.register(file, { ...replace, allow: [] })).toEqual(OK);
  expect(await listed(other)).toEqual(['a']);
  file = first;
  await expectHidden(ops, [first.digest]);
});

it('takes a hidden name for taken, and lets nobody open what is not theirs', async () => {
  await publish(lab, 'a', ['lab']);
  const mine = sampleFile({ seed: seed + 1_000, chunkCount: 2 });
  for (const naming of ['publish', 'replace'] as const) {
    for (const content of [file, mine]) {
      const results = await ops.register(content, { name: named('a'), naming, allow: [] });
      expect(results).toMatchObject([{ ok: false, code: 'NAME_TAKEN' }]);
    }
  }
  const { digest, sizeBytes } = file;
  const bare = { digest, sizeBytes, naming: 'publish', held: 'all', name: named('b') } as const;
  const { results } = await ops.callAs('register', { files: [bare] });
  expect(results).toMatchObject([{ ok: false, code: 'MANIFEST_NEEDED' }]);
  expect(await ops.register(file, { name: named('b'), naming: 'keep' })).toEqual(RESTRICTED);
  expect(await listed(other)).toEqual([]);
});

it('counts from the next request on when somebody changes groups', async () => {
  await publish(lab, 'a', ['team']);
  expect(await listed(other)).toEqual([]);
  const setGroups = (groups: GroupName[]) => desk.setGroups(other.identity, groups);
  await setGroups([parseGroup('team')]);
  expect(await listed(other)).toEqual(['a']);
  await setGroups([]);
  await expectHidden(other, [named('a'), file.digest]);
});

it('lets those unshare who hold it, and admins purge what they do not see', async () => {
  await publish(lab, 'a', ['lab']);
  await ops.register(file, { naming: 'keep' });
  const entry = { ref: file.digest, scope: 'peer', naming: 'keep' } as const;
  expect((await ops.callAs('unshare', { files: [entry] })).results).toEqual(OK);
  await using admin = await joinAs([], 'admin');
  expect(await listed(admin)).toEqual([]);
  const purge = { ref: named('a'), scope: 'peer', naming: 'purge' } as const;
  expect((await admin.callAs('unshare', { files: [purge] })).results).toEqual(OK);
  expect(await listed(lab)).toEqual([]);
  await expectHidden(ops, [file.digest]);
});

it.each<{ allow: unknown }>([
  { allow: ['A'] },
  { allow: [''] },
  { allow: ['a b'] },
  { allow: 'lab' },
  { allow: [7] },
  { allow: Array.from({ length: 17 }, () => 'a') },
])('refuses $allow as groups', async ({ allow }) => {
  const attempt = lab.register(file, { name: named('a'), allow: allow as string[] });
  await expect(attempt).rejects.toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
});

it('has no groups with --insecure, and hides from all what is for some', async () => {
  await publish(lab, 'a', ['lab']);
  await secured.tracker.kill();
  await using open = await startTracker({ data: secured.data });
  await using peer = await TrackerPeer.join(open);
  expect(await listed(peer)).toEqual([]);
  expect(await publish(peer, 'b', ['lab'])).toMatchObject([{ ok: false, code: 'NOT_ALLOWED' }]);
  await open.kill();
  await secured.tracker.start();
});
