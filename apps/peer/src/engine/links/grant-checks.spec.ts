import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { OPEN_FIELDS, type Digest, type OpenMessage, type WireMessage } from '#protocol';
import { eventually } from '../../../../../test/support/eventually.js';
import { rawFrames } from '../../../../../test/support/raw-frames.js';
import { dialAs, SecuredNetwork } from '../../../../../test/support/secured-network.js';
import { SessionLab } from '../../../../../test/support/session-lab.js';
import { newTlsIdentity } from '../../../../../test/support/tls-identity.js';
import { GrantGate } from './grant-gate.js';

const member = await newTlsIdentity();
const digest = `b3:${'7'.repeat(64)}` as Digest;
/** What a connection may have waiting of other requests, too. */
const MAX_UNCHECKED_COUNT = 512;

let network: SecuredNetwork;
let lab: SessionLab;
let gate: GrantGate;
let replayed: WireMessage[];

beforeEach(async () => {
  network = await SecuredNetwork.open();
  lab = await SessionLab.open({ network: network.access });
  replayed = [];
  gate = new GrantGate(member.identity, lab.session.grants!, {
    isOpen: () => true,
    replay: (message) => void replayed.push(message),
    failed: (error) => expect.unreachable(error.message),
  });
});

afterEach(async () => {
  await lab[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

function opened(fileNumber: number, grant: string): OpenMessage {
  const fields = [{ type: OPEN_FIELDS.grant, value: Buffer.from(grant) }];
  return { type: 'open', fileNumber, digest, chunkCount: 3, fields };
}

it('has so many opens wait for their checks, and refuses more', async () => {
  for (let nth = 0; nth < MAX_UNCHECKED_COUNT; nth += 1) {
    expect(gate.delays(opened(nth, 'a.b.c'))).toBe(true);
  }
  const further = opened(MAX_UNCHECKED_COUNT, 'a.b.c');
  expect(() => gate.delays(further)).toThrow(
    expect.objectContaining({ code: 'TOO_MANY_REQUESTS' }) as Error,
  );
  await eventually(() => expect(replayed).toHaveLength(MAX_UNCHECKED_COUNT));
  expect(gate.delays(further)).toBe(true);
});

/** Once a member is connected the tracker's key is known. */
async function connectMember(): Promise<void> {
  const peerId = `${member.identity}-aaaa`;
  const peer = await dialAs(member, lab.endpoint, peerId);
  onTestFinished(() => peer[Symbol.asyncDispose]());
  peer.send(rawFrames.memberHello(peerId, await network.credentialOf(member.identity)));
  await peer.next('hello');
}

it('checks a grant once, and another one anew', async () => {
  await connectMember();
  const grant = await network.grantOf(member.identity, digest);
  const other = await network.grantOf(member.identity, digest, { lifetimeMs: 500_000 });
  expect(gate.delays(opened(0, grant))).toBe(true);
  await eventually(() => expect(replayed).toHaveLength(1));
  expect(gate.admits(digest)).toBe(true);
  expect(gate.delays(opened(1, grant))).toBe(false);
  expect(gate.delays(opened(2, other))).toBe(true);
});

it('has none wait that is too long to be one', () => {
  expect(gate.delays(opened(0, 'a'.repeat(100_000)))).toBe(false);
  expect(gate.admits(digest)).toBe(false);
});
