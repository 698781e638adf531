import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { RawPeer } from '../../../../../test/support/raw-peer.js';
import { rawFrames } from '../../../../../test/support/raw-frames.js';
import { dialAs, SecuredNetwork } from '../../../../../test/support/secured-network.js';
import { SessionLab } from '../../../../../test/support/session-lab.js';
import { newTlsIdentity, type NamedTlsIdentity } from '../../../../../test/support/tls-identity.js';

const member = await newTlsIdentity();
const SHARE = 16;

let network: SecuredNetwork;
let lab: SessionLab;

beforeEach(async () => {
  network = await SecuredNetwork.open();
  lab = await SessionLab.open({ network: network.access });
});

afterEach(async () => {
  await lab[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

/** Says hello as the nth process of a member. */
async function call(who: NamedTlsIdentity, nth: number): Promise<RawPeer> {
  const peerId = `${who.identity}-aaa${String.fromCharCode(97 + nth)}`;
  const peer = await dialAs(who, lab.endpoint, peerId);
  onTestFinished(() => peer[Symbol.asyncDispose]());
  peer.send(rawFrames.memberHello(peerId, await network.credentialOf(who.identity)));
  return peer;
}

async function meet(who: NamedTlsIdentity, nth: number): Promise<RawPeer> {
  const peer = await call(who, nth);
  await peer.next('hello');
  return peer;
}

describe('a member that says many peer ids', () => {
  it('has its share of the connections and no more, and others theirs', async () => {
    for (let nth = 0; nth < SHARE; nth += 1) await meet(member, nth);
    const further = await call(member, SHARE);
    expect(await further.ended()).toBe('TOO_MANY_CONNECTIONS');
    await meet(await newTlsIdentity(), 0);
    await meet(member, 0);
  });
});
