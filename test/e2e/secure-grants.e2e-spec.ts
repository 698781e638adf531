import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parseEndpoint, parseInvite, type Endpoint } from '#protocol';
import type { ChildProgram } from '../support/child-program.js';
import type { DownloadData } from '../support/download-data.js';
import { PeerHome } from '../support/peer-home.js';
import { rawFrames } from '../support/raw-frames.js';
import type { RawPeer } from '../support/raw-peer.js';
import { sampleBytes } from '../support/sample-content.js';
import { dialAs } from '../support/secured-network.js';
import { SecuredTracker } from '../support/secured-tracker.js';
import type { NamedTlsIdentity } from '../support/tls-identity.js';

const CHUNK_BYTES = 256 * 1024;
const bytes = sampleBytes(CHUNK_BYTES + 1_000, 77);
const LISTEN = ['--listen', '127.0.0.1:0'];

/** A member who speaks by hand, with what the tracker gave it. */
interface RawMember {
  readonly who: NamedTlsIdentity;
  readonly peerId: string;
  readonly credential: string;
  readonly grant: string | undefined;
}

function endpointOf(serving: ChildProgram): Endpoint {
  const [, text = ''] = /^ready (\S+)/m.exec(serving.stdout) ?? [];
  return parseEndpoint(text);
}

describe('the content of a name for some', () => {
  let secured: SecuredTracker;
  let owner: PeerHome;
  let inRed: RawMember;
  let outside: RawMember;
  let digest: string;
  let sharing: ChildProgram;

  beforeAll(async () => {
    secured = await SecuredTracker.start();
    owner = await PeerHome.unconfigured(secured.tracker.userHome);
    await writeFile(owner.file('plan.bin'), bytes);
    sharing = await owner.serve(['share', ...LISTEN, '--allow', 'red', 'plan.bin']);
    [, digest = ''] = /(b3:[0-9a-f]{64})/.exec(sharing.stdout) ?? [];
    inRed = await memberOf('--group', 'red');
    outside = await memberOf();
  });

  afterAll(async () => {
    await owner[Symbol.asyncDispose]();
    await secured[Symbol.asyncDispose]();
  });

  async function memberOf(...flags: string[]): Promise<RawMember> {
    const { stdout } = await secured.run('invite', ...flags);
    const who = await secured.newMember(parseInvite(stdout.trim()).token);
    await using peer = await secured.join(who);
    const { files } = await peer.call('locations', { files: [digest], limit: 10 });
    const grant = files[0]?.ok === true ? files[0].grant : undefined;
    return { who, peerId: peer.peerId, credential: peer.joined.credential!, grant };
  }

  /** Opens the file with a grant, or none, and asks for its last chunk at once. */
  async function ask(
    { who, peerId, credential }: RawMember,
    endpoint: Endpoint,
    grant: string | undefined,
  ): Promise<RawPeer> {
    const peer = await dialAs(who, endpoint, peerId);
    onTestFinished(() => peer[Symbol.asyncDispose]());
    peer.send(rawFrames.memberHello(peerId, credential));
    await peer.next('hello');
    const opened =
      grant === undefined
        ? rawFrames.open(0, digest, 2)
        : rawFrames.grantedOpen(0, digest, { chunkCount: 2, grant });
    const request = rawFrames.request(0, 7, { chunk: 1, length: 1_000 });
    peer.send(opened, rawFrames.bitfield(0, 'none'), request);
    return peer;
  }

  async function expectRefused(endpoint: Endpoint): Promise<void> {
    for (const grant of [undefined, inRed.grant]) {
      const peer = await ask(outside, endpoint, grant);
      expect(await peer.next()).toMatchObject({ type: 'close', code: 'NOT_ALLOWED' });
    }
  }

  it('is given by the owner to who shows the grant of the tracker, and to nobody else', async () => {
    expect([typeof inRed.grant, outside.grant]).toEqual(['string', undefined]);
    const endpoint = endpointOf(sharing);
    const peer = await ask(inRed, endpoint, inRed.grant);
    expect(await peer.answerTo(7, 1_000)).toEqual(bytes.subarray(CHUNK_BYTES));
    await expectRefused(endpoint);
  });

  it('is not given away by who has downloaded it, nor after a restart without the tracker', async () => {
    const reader = await PeerHome.unconfigured();
    onTestFinished(() => reader[Symbol.asyncDispose]());
    const { stdout } = await secured.run('invite', '--group', 'red');
    await reader.json(['join', stdout.trim()]);
    await reader.json<DownloadData>(['download', 'plan.bin']);
    const seeding = await reader.serve(['seed', ...LISTEN]);
    await expectRefused(endpointOf(seeding));
    await secured.tracker.kill('SIGKILL');
    await seeding.kill('SIGKILL');
    const again = await reader.serve(['seed', ...LISTEN]);
    await expectRefused(endpointOf(again));
    const peer = await ask(inRed, endpointOf(again), inRed.grant);
    expect(await peer.answerTo(7, 1_000)).toEqual(bytes.subarray(CHUNK_BYTES));
  });
});
