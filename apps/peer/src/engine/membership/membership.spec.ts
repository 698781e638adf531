import { createPublicKey } from 'node:crypto';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  CLOCK_SKEW_MS,
  CREDENTIAL_LIFETIME_MS,
  formatNetworkKey,
  issueCredential,
  issuerKeyOf,
  type ProvenSocket,
  type VerifiedCredential,
} from '#identity';
import type { Identity } from '#protocol';
import { TempDir } from '../../../../../test/support/temp-dir.js';
import {
  networkKeyOfPem,
  newTlsIdentity,
  type NamedTlsIdentity,
} from '../../../../../test/support/tls-identity.js';
import { CredentialsFile } from '../../disk/credentials-file.js';
import { Membership } from './membership.js';

const MINUTE_MS = 60_000;
const GRACE_MS = 60 * MINUTE_MS;
const START_MS = Date.UTC(2030, 0, 1);
const { signal } = new AbortController();

const tracker = await newTlsIdentity();
const us = await newTlsIdentity();
const them = await newTlsIdentity();

/** The wall clock and the other one, as the test says. */
const clocks = {
  passedMs: 0,
  wrongByMs: 0,
  wallMs: () => START_MS + clocks.passedMs + clocks.wrongByMs,
  elapsedMs: () => clocks.passedMs,
};
const trackerTimeMs = () => START_MS + clocks.passedMs;

let file: CredentialsFile;

beforeEach(async () => {
  const dir = await TempDir.create();
  onTestFinished(() => dir[Symbol.asyncDispose]());
  file = new CredentialsFile(dir.path);
  clocks.passedMs = 0;
  clocks.wrongByMs = 0;
});

function open(offlineGraceMs = GRACE_MS): Promise<Membership> {
  const network = { fingerprint: tracker.identity, offlineGraceMs };
  return Membership.open({ identity: us.identity, network, file, clocks });
}

/** The tracker has proven who it is; nothing more of a connection is looked at. */
function proveTracker(membership: Membership): void {
  const publicKey = createPublicKey(tracker.keyPem);
  membership.trackerProven({ publicKey, identity: tracker.identity } as ProvenSocket);
}

async function opened(offlineGraceMs = GRACE_MS): Promise<Membership> {
  const membership = await open(offlineGraceMs);
  proveTracker(membership);
  return membership;
}

function credentialOf(identity: Identity, by: NamedTlsIdentity = tracker): Promise<string> {
  const issuer = issuerKeyOf(by.keyPem);
  const says = { identity, role: 'reader', groups: [] } as const;
  return issueCredential(issuer, says, { nowMs: trackerTimeMs() });
}

function verify(membership: Membership, credential: string): Promise<VerifiedCredential> {
  return membership.verify(credential, them.identity, { signal });
}

const refusedFor = (reason: string) => ({ code: 'NOT_AUTHORISED', details: { reason } });

describe('what a process knows of members', () => {
  it('is its own membership once the tracker has signed it, and not before', async () => {
    const membership = await opened();
    const waiting = membership.ownCredential({ signal });
    const aborted = membership.ownCredential({ signal: AbortSignal.abort(new Error('no more')) });
    await expect(aborted).rejects.toThrow('no more');
    membership.heard({ credential: 'signed' });
    expect(await waiting).toBe('signed');
    const told: string[] = [];
    membership.listen({
      renewed: (text) => told.push(text),
      revoked: () => undefined,
      reachable: () => undefined,
    });
    membership.heard({ credential: 'signed' });
    membership.heard({ credential: 'signed anew' });
    expect(told).toEqual(['signed anew']);
  });

  it('is kept for times without a tracker', async () => {
    const first = await opened();
    const credential = await credentialOf(us.identity);
    first.heard({ credential });
    await first.close();
    const later = await open();
    expect(later.credential).toBe(credential);
    await verify(later, await credentialOf(them.identity));
  });

  it.each([
    ['another key', () => Promise.resolve({ key: formatNetworkKey(networkKeyOfPem(them.keyPem)) })],
    ['a membership of another', async () => ({ credential: await credentialOf(them.identity) })],
    ['a forged one', async () => ({ credential: await credentialOf(us.identity, them) })],
    ['no text that is one', () => Promise.resolve({ credential: 'x' })],
  ])('is not taken from a file with %s', async (_what, change) => {
    const key = formatNetworkKey(networkKeyOfPem(tracker.keyPem));
    const credential = await credentialOf(us.identity);
    await file.keep(tracker.identity, { key, credential, ...(await change()) });
    expect((await open()).credential).toBeUndefined();
  });

  it('goes by the clock of the tracker, not by ours', async () => {
    clocks.wrongByMs = 1_000 * MINUTE_MS;
    const membership = await opened();
    const credential = await credentialOf(them.identity);
    await expect(verify(membership, credential)).rejects.toMatchObject(refusedFor('EXPIRED'));
    membership.heard({ timeMs: trackerTimeMs() });
    await verify(membership, credential);
  });
});

describe('whether others can connect here', () => {
  it('is told when it is known, and when it changes', async () => {
    const membership = await opened();
    const told: boolean[] = [];
    const nothing = () => undefined;
    membership.listen({ renewed: nothing, revoked: nothing, reachable: (is) => told.push(is) });
    for (const reachable of [null, false, false, null, true, true]) membership.heard({ reachable });
    membership.heard({});
    expect(told).toEqual([false, true]);
  });
});

describe('a credential', () => {
  it.each([
    ['is forged', () => credentialOf(them.identity, us), 'BAD_SIGNATURE'],
    ['is of another', () => credentialOf(us.identity), 'OTHER_HOLDER'],
    ['is none', () => Promise.resolve('x.y.z'), 'MALFORMED'],
  ])('that %s is refused', async (_what, make, reason) => {
    const membership = await opened();
    await expect(verify(membership, await make())).rejects.toMatchObject(refusedFor(reason));
  });

  it('is over when it was not renewed, while there was a tracker to do so with', async () => {
    const membership = await opened();
    membership.heard({ timeMs: trackerTimeMs() });
    const credential = await verify(membership, await credentialOf(them.identity));
    clocks.passedMs += CREDENTIAL_LIFETIME_MS + CLOCK_SKEW_MS;
    expect(membership.isOver(credential)).toBe(false);
    clocks.passedMs += 1;
    expect(membership.isOver(credential)).toBe(true);
  });

  it('stays while no tracker is heard, and some time after it is back', async () => {
    const membership = await opened();
    membership.heard({});
    const credential = await verify(membership, await credentialOf(them.identity));
    clocks.passedMs += MINUTE_MS;
    membership.lost();
    clocks.passedMs += 1_000 * MINUTE_MS;
    expect(membership.isOver(credential)).toBe(false);
    membership.heard({});
    expect(membership.isOver(credential)).toBe(false);
    clocks.passedMs += MINUTE_MS;
    expect(membership.isOver(credential)).toBe(true);
  });
});

describe('a credential that is over when it is shown', () => {
  it('is taken by grace once no tracker was heard for as long as one lives', async () => {
    const membership = await opened();
    membership.heard({});
    const credential = await credentialOf(them.identity);
    membership.lost();
    clocks.passedMs += CREDENTIAL_LIFETIME_MS + CLOCK_SKEW_MS + 1;
    expect(await verify(membership, credential)).toMatchObject({ freshness: 'late' });
    membership.heard({});
    await expect(verify(membership, credential)).rejects.toMatchObject(refusedFor('EXPIRED'));
    membership.lost();
    await expect(verify(membership, credential)).rejects.toMatchObject(refusedFor('EXPIRED'));
  });

  it('is not taken when grace is over, or there is none', async () => {
    const [membership, strict] = [await opened(), await opened(0)];
    const credential = await credentialOf(them.identity);
    clocks.passedMs += CREDENTIAL_LIFETIME_MS + GRACE_MS + CLOCK_SKEW_MS - 1;
    await verify(membership, credential);
    await expect(verify(strict, credential)).rejects.toMatchObject(refusedFor('EXPIRED'));
    clocks.passedMs += 1;
    await expect(verify(membership, credential)).rejects.toMatchObject(refusedFor('EXPIRED'));
  });

  it('is taken by a process that starts while the tracker has long been away', async () => {
    const before = await opened();
    before.heard({ credential: await credentialOf(us.identity) });
    await before.close();
    const credential = await credentialOf(them.identity);
    clocks.passedMs += CREDENTIAL_LIFETIME_MS + CLOCK_SKEW_MS + 1;
    expect(await verify(await open(), credential)).toMatchObject({ freshness: 'late' });
  });
});

describe('a member that was revoked', () => {
  it('is none at once, and again when it was let in anew', async () => {
    const membership = await opened();
    membership.heard({ timeMs: trackerTimeMs() });
    const text = await credentialOf(them.identity);
    const credential = await verify(membership, text);
    let toldCount = 0;
    membership.listen({
      renewed: () => undefined,
      revoked: () => (toldCount += 1),
      reachable: () => undefined,
    });
    clocks.passedMs += 1_000;
    membership.heard({ revoked: [them.identity] });
    expect([toldCount, membership.isOver(credential)]).toEqual([1, true]);
    await expect(verify(membership, text)).rejects.toMatchObject(refusedFor('revoked'));
    clocks.passedMs += 1_000;
    await verify(membership, await credentialOf(them.identity));
  });

  it('stays one for as long as its credential could be taken', async () => {
    const membership = await opened();
    membership.heard({ timeMs: trackerTimeMs(), revoked: [them.identity] });
    const credential = await credentialOf(them.identity);
    membership.lost();
    clocks.passedMs += CREDENTIAL_LIFETIME_MS + GRACE_MS + CLOCK_SKEW_MS - 1;
    membership.heard({ revoked: [us.identity] });
    membership.lost();
    await expect(verify(membership, credential)).rejects.toThrow();
  });
});
