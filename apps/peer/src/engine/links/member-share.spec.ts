import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ProtocolError } from '#protocol';
import { eventually } from '../../../../../test/support/eventually.js';
import type { RawPeer } from '../../../../../test/support/raw-peer.js';
import { rawFrames } from '../../../../../test/support/raw-frames.js';
import { sampleBytes } from '../../../../../test/support/sample-content.js';
import { dialAs, SecuredNetwork } from '../../../../../test/support/secured-network.js';
import { CHUNK_BYTES, SessionLab } from '../../../../../test/support/session-lab.js';
import { newTlsIdentity, type NamedTlsIdentity } from '../../../../../test/support/tls-identity.js';
import type { RemotePeer } from '../transfer/participants.js';

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

  it('is banned under all of them, and comes back under none', async () => {
    const { manifest, transfer } = await lab.share('shared.bin', sampleBytes(CHUNK_BYTES, 1));
    const [first, second] = [await meet(member, 0), await meet(member, 1)];
    first.send(rawFrames.open(0, manifest.digest, 1), rawFrames.bitfield(0, 'none'));
    await eventually(() => expect(transfer.remotes.size).toBe(1));
    const [{ link }] = [...transfer.remotes.values()] as [RemotePeer];
    const error = new ProtocolError('CHUNK_HASH_MISMATCH');
    for (let strikes = 0; strikes < 3; strikes += 1) lab.session.strike(link, error);
    expect(await first.ended()).toBe('BANNED');
    expect(await second.ended()).toBe('BANNED');
    expect(await (await call(member, 2)).ended()).toBe('BANNED');
    await meet(await newTlsIdentity(), 0);
  });
});
