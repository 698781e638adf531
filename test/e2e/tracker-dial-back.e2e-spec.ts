import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { isLoopbackHost, parseInvite, type Endpoint, type Location, type Role } from '#protocol';
import { MembershipDesk } from '../../apps/tracker/src/membership/membership-desk.js';
import { FIRST_INVITE } from '../../apps/tracker/src/membership/new-invite.js';
import { eventually } from '../support/eventually.js';
import { PinnedLab, readToEnd } from '../support/pinned-lab.js';
import { SecuredTracker } from '../support/secured-tracker.js';
import { sampleFile, TrackerPeer } from '../support/tracker-peer.js';

let secured: SecuredTracker;
let asker: TrackerPeer;
let lab: PinnedLab;
let seed = 0;

beforeAll(async () => {
  secured = await SecuredTracker.start();
  asker = await secured.join(await secured.newMember());
});
afterAll(async () => {
  await asker[Symbol.asyncDispose]();
  await secured[Symbol.asyncDispose]();
});
beforeEach(async () => {
  lab = await PinnedLab.open({ protocol: 'shoal/1' });
});
afterEach(() => lab[Symbol.asyncDispose]());

/** Joins as whoever the lab is, with a file; returns where others are told to find it. */
async function sharing(endpoints: readonly Endpoint[], role: Role = 'publisher') {
  using desk = await MembershipDesk.open(secured.data);
  const { token } = parseInvite((await desk.invite({ ...FIRST_INVITE, role })).invite);
  await secured.enrol(lab.self, token);
  const peer = await secured.join(lab.self, { endpoints });
  const file = sampleFile({ seed: (seed += 1), chunkCount: 1 });
  await peer.register(file, { naming: 'keep' });
  const locate = async () => (await locationOf(file.digest, peer.peerId)).endpoints;
  return { peer, locate };
}

async function locationOf(digest: string, peerId: string): Promise<Location> {
  const { files } = await asker.call('locations', { files: [digest], limit: 10 });
  const [found] = files;
  if (found?.ok !== true) throw new Error('not found');
  return found.locations.find((location) => location.peerId === peerId)!;
}

const beat = (peer: TrackerPeer) => peer.callAs('heartbeat', { bytesUp: 0, bytesDown: 0 });

/** Somebody who is no part of any of this, and what is said to them. */
async function bystander(): Promise<{ server: Server; at: Endpoint; heard: Promise<string>[] }> {
  const heard: Promise<string>[] = [];
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined); // 'close' follows
    socket.once('data', () => socket.end());
    heard.push(readToEnd(socket));
  }).listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, at: { host: '127.0.0.1', port }, heard };
}

it('hands out where the right identity has answered, and says nothing to it', async () => {
  const { peer, locate } = await sharing([lab.endpoint]);
  await using closed = peer;
  expect(await locate()).toEqual([lab.endpoint]);
  expect(await beat(closed)).toMatchObject({ reachable: true });
  await lab.until(() => lab.admitted.length > 0 && lab.admitted[0]!.socket.closed);
  expect(lab.admitted.map(({ identity }) => identity)).toEqual([secured.invite.fingerprint]);
  expect(lab.received).toBe('');
});

it('hands out nothing of a peer that answers nowhere, and tells it', async () => {
  const { at, server } = await bystander();
  server.close();
  const { peer, locate } = await sharing([at]);
  await using closed = peer;
  expect(peer.joined.reachable).toBeNull();
  expect(await locate()).toEqual([]);
  expect(await beat(closed)).toMatchObject({ reachable: false });
});

it('does not lead peers to whoever answers as somebody else, or says anything else', async () => {
  const { at, server, heard } = await bystander();
  const impostor = await PinnedLab.open({ protocol: 'shoal/1' });
  for (const endpoint of [at, impostor.endpoint]) {
    const { peer, locate } = await sharing([endpoint]);
    await using closed = peer;
    expect(await locate()).toEqual([]);
    expect(await beat(closed)).toMatchObject({ reachable: false });
  }
  expect(impostor.admitted).toEqual([]);
  await impostor[Symbol.asyncDispose]();
  server.close();
  // A handshake of TLS begins with this record, and nothing follows it.
  expect((await Promise.all(heard)).map((text) => text.slice(0, 2))).toEqual(['\x16\x03']);
});

it('asks nowhere else for a reader than where it comes from', async () => {
  const { server, heard } = await bystander();
  const { port } = server.address() as AddressInfo;
  const { peer, locate } = await sharing([{ host: '192.0.2.1', port }], 'reader');
  await using closed = peer;
  expect(await locate()).toEqual([]);
  expect(await beat(closed)).toMatchObject({ reachable: false });
  expect(heard).toHaveLength(1);
  server.close();
});

it('is told by who has an address of the same machine that it may be found there, too', async () => {
  const { peer, locate } = await sharing([{ ...lab.endpoint, host: 'localhost' }, lab.endpoint]);
  await using closed = peer;
  const found = await locate();
  expect(found).toContainEqual(lab.endpoint);
  expect(found.every(({ host }) => isLoopbackHost(host) && host !== 'localhost')).toBe(true);
  expect(closed.peerId).toContain(lab.self.identity);
});

it('knows after a restart where a peer was found, and forgets it when it names another place', async () => {
  const { peer } = await sharing([lab.endpoint]);
  await beat(peer);
  await secured.tracker.restart('SIGKILL');
  asker = await secured.join(await secured.newMember());
  await using closed = await rejoin(peer, [lab.endpoint]);
  expect(closed.joined.reachable).toBe(true);
  const { at, server } = await bystander();
  server.close();
  await using moved = await rejoin(peer, [at]);
  expect(moved.joined.reachable).toBeNull();
  await eventually(async () => expect(await beat(moved)).toMatchObject({ reachable: false }));
});

it('has nothing to tell whoever names no place', async () => {
  const { peer, locate } = await sharing([]);
  await using closed = peer;
  expect(await locate()).toEqual([]);
  expect(await beat(closed)).toMatchObject({ reachable: null });
});

/** The same process, which joins again with the same session. */
function rejoin(peer: TrackerPeer, endpoints: readonly Endpoint[]): Promise<TrackerPeer> {
  const { peerId, session } = peer;
  return TrackerPeer.join(
    { caller: () => secured.callAs(lab.self) },
    { peerId, session, endpoints },
  );
}
