import { readFile, stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatInvite } from '#protocol';
import { verifyCredential } from '#identity';
import { readToEnd } from '../support/pinned-lab.js';
import { SecuredTracker } from '../support/secured-tracker.js';
import { networkKeyOfPem, newTlsIdentity } from '../support/tls-identity.js';
import { TrackerCaller } from '../support/tracker-caller.js';

const code = (name: string) => expect.objectContaining({ code: name }) as unknown;

describe('a secured tracker', () => {
  let secured: SecuredTracker;
  beforeAll(async () => {
    secured = await SecuredTracker.start();
  });
  afterAll(() => secured[Symbol.asyncDispose]());

  it('keeps its key and its invite for its user alone, and leaves the invite for local peers', async () => {
    const { data, invite } = secured;
    const line = `${formatInvite(invite)}\n`;
    expect(await readFile(`${data}/invite`, 'utf8')).toBe(line);
    expect(await readFile(secured.pointerPath, 'utf8')).toBe(line);
    for (const path of [`${data}/invite`, `${data}/tracker.key`, secured.pointerPath]) {
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
  });

  it('makes a member of whoever shows the token, once and for all, with a credential', async () => {
    const who = await newTlsIdentity();
    await using caller = await secured.callAs(who);
    await expect(caller.call('list', { prefix: '', limit: 1 })).rejects.toThrow(
      code('NOT_A_MEMBER'),
    );
    const { token } = secured.invite;
    const reply = { role: 'publisher', groups: [] };
    for (const hostname of ['first', 'second']) {
      expect(await caller.call('enrol', { token, hostname })).toEqual(reply);
    }
    expect(await caller.call('list', { prefix: '', limit: 1 })).toMatchObject({ total: 0 });
    await using peer = await secured.join(who);
    const { credential } = peer.joined;
    const network = networkKeyOfPem(await readFile(`${secured.data}/tracker.key`, 'utf8'));
    const check = { network, holder: who.identity, nowMs: Date.now() };
    expect(await verifyCredential(credential!, check)).toMatchObject(reply);
  });

  it.each(['a'.repeat(26), 'a'.repeat(64), '', 'NO TOKEN', `${'a'.repeat(25)}1`])(
    'refuses the token %j',
    async (token) => {
      await expect(secured.enrol(await newTlsIdentity(), token)).rejects.toThrow(
        code('INVITE_UNKNOWN'),
      );
    },
  );

  it('lets nobody ask in the name of another identity', async () => {
    const [one, other] = [await secured.newMember(), await secured.newMember()];
    await using peer = await secured.join(one);
    await using caller = await secured.callAs(other);
    const { peerId, session } = peer;
    await expect(caller.call('leave', { peerId, session })).rejects.toThrow(code('WRONG_IDENTITY'));
    expect(await peer.callAs('heartbeat', { bytesUp: 0, bytesDown: 0 })).toMatchObject({});
  });

  it('gives one member its share of connections, and others theirs', async () => {
    const greedy = await secured.newMember();
    const callers = await Promise.all(Array.from({ length: 64 }, () => secured.callAs(greedy)));
    const list = { prefix: '', limit: 1 };
    for (const caller of callers) await caller.call('list', list);
    await using further = await secured.callAs(greedy);
    await expect(further.call('list', list)).rejects.toEqual(code('BUSY'));
    expect(further.lastMessage).toMatch(/"retryAfterMs":\d+/);
    await using other = await secured.callAs(await secured.newMember());
    await other.call('list', list);
    for (const caller of callers) await caller[Symbol.asyncDispose]();
  });

  it('answers nobody who has not proven who he is', async () => {
    await using plain = await TrackerCaller.connect(secured.tracker.address);
    await expect(plain.call('list', { prefix: '', limit: 1 })).rejects.toThrow('closed');
    const anonymous = await secured.connect({});
    anonymous.write('56#{"pattern":"list","id":"1","data":{"prefix":"","limit":1}}');
    anonymous.on('error', () => undefined);
    expect(await readToEnd(anonymous)).toBe('');
    expect(secured.tracker.stderr).toContain('does not speak TLS');
  });

  it('keeps the token out of its log, its database and what it answers', async () => {
    const { token } = secured.invite;
    expect(secured.tracker.stderr).not.toContain(token);
    for (const file of ['tracker.db', 'tracker.db-wal']) {
      expect(await readFile(`${secured.data}/${file}`, 'latin1')).not.toContain(token);
    }
  });
});
