import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDialContext } from '#identity';
import type { Endpoint, Fingerprint, ListReply, TrackerCode } from '#protocol';
import { PinnedLab } from '../../../../test/support/pinned-lab.js';
import { RawTracker, rawReply, type RawRequest } from '../../../../test/support/raw-tracker.js';
import { newTlsIdentity, type NamedTlsIdentity } from '../../../../test/support/tls-identity.js';
import { pinnedPath, plainPath } from './tracker-path.js';
import { TrackerClient } from './tracker-client.js';

const { signal } = new AbortController();
const EMPTY: ListReply = { total: 0, files: [], next: null };
const TIMEOUTS = { callMs: 60_000, connectMs: 60_000 };

const own = await newTlsIdentity();
const network = await newTlsIdentity();

function clientOf(
  trackers: readonly Endpoint[],
  more: { fingerprint?: Fingerprint; token?: string } = {},
): TrackerClient {
  const { fingerprint = network.identity, token } = more;
  const path = pinnedPath({
    trackers,
    fingerprint,
    context: () => Promise.resolve(createDialContext(own)),
    ...(token === undefined ? {} : { enrolment: { token, hostname: 'here' } }),
  });
  const client = new TrackerClient(path, TIMEOUTS);
  onTestFinished(() => client.close());
  return client;
}

const list = (client: TrackerClient) => client.call('list', { prefix: '', limit: 10 }, { signal });

/** Refuses with the codes given, in turn; then answers. */
function refusing(codes: Record<string, TrackerCode[]>): (request: RawRequest) => void {
  return ({ id, pattern, socket }) => {
    const code = codes[pattern]?.shift();
    const err = { code, message: 'refused' };
    socket.write(rawReply(id, code === undefined ? { response: EMPTY } : { err }));
  };
}

async function trackerOf(
  onRequest: (request: RawRequest) => void,
  self: NamedTlsIdentity = network,
): Promise<RawTracker> {
  const tracker = await RawTracker.listenPinned(self, onRequest);
  onTestFinished(() => tracker[Symbol.asyncDispose]());
  return tracker;
}

const patterns = (tracker: RawTracker) => tracker.requests.map(({ pattern }) => pattern);

describe('calls to a tracker that has to prove who it is', () => {
  it('are answered, and prove who calls', async () => {
    const tracker = await trackerOf(refusing({}));
    expect(await list(clientOf([tracker.endpoint]))).toEqual(EMPTY);
    expect(tracker.requests[0]?.identity).toBe(own.identity);
  });

  it('are not sent to one with another key', async () => {
    const impostor = await trackerOf(refusing({}), await newTlsIdentity());
    await expect(list(clientOf([impostor.endpoint]))).rejects.toMatchObject({
      code: 'WRONG_IDENTITY',
      message: expect.stringMatching(/is not the tracker that the invite names/) as string,
    });
    expect(impostor.requests).toEqual([]);
  });

  it('go to the next one then', async () => {
    const impostor = await trackerOf(refusing({}), await newTlsIdentity());
    const tracker = await trackerOf(refusing({}));
    expect(await list(clientOf([impostor.endpoint, tracker.endpoint]))).toEqual(EMPTY);
  });

  it('do not fall back to plain text', async () => {
    const heard: Buffer[] = [];
    const plain = createServer((socket) => {
      socket.on('error', () => undefined); // 'close' follows
      socket.once('data', (bytes: Buffer) => {
        heard.push(bytes);
        socket.destroy();
      });
    }).listen({ host: '127.0.0.1', port: 0 });
    await once(plain, 'listening');
    onTestFinished(() => void plain.close());
    const { port } = plain.address() as AddressInfo;
    await expect(list(clientOf([{ host: '127.0.0.1', port }]))).rejects.toMatchObject({
      code: 'TRACKER_UNREACHABLE',
      message: expect.stringMatching(/is it run with --insecure\?/) as string,
    });
    expect(heard.map((bytes) => bytes[0])).toEqual([0x16]);
  });

  it('say what is wrong when the tracker answers in plain text', async () => {
    const plain = createServer((socket) => {
      socket.on('error', () => undefined); // 'close' follows
      socket.end('33#{"err":{"code":"INVALID_REQUEST"}}');
    }).listen({ host: '127.0.0.1', port: 0 });
    await once(plain, 'listening');
    onTestFinished(() => void plain.close());
    const { port } = plain.address() as AddressInfo;
    await expect(list(clientOf([{ host: '127.0.0.1', port }]))).rejects.toMatchObject({
      code: 'TRACKER_UNREACHABLE',
      message: expect.stringMatching(/does not speak TLS/) as string,
    });
  });

  it('are told from plain ones by a secured tracker', async () => {
    await using lab = await PinnedLab.open({ protocol: 'shoal-tracker/1' });
    using client = new TrackerClient(plainPath([lab.endpoint]), TIMEOUTS);
    await expect(list(client)).rejects.toMatchObject({
      code: 'TRACKER_UNREACHABLE',
      message: expect.stringMatching(/takes an invite, not --insecure/) as string,
    });
  });
});

describe('who is no member', () => {
  it('shows its invite once and asks again', async () => {
    const tracker = await trackerOf(refusing({ list: ['NOT_A_MEMBER'] }));
    const client = clientOf([tracker.endpoint], { token: 'secret' });
    expect(await list(client)).toEqual(EMPTY);
    expect(patterns(tracker)).toEqual(['list', 'enrol', 'list']);
    expect(tracker.requests[1]?.data).toEqual({ token: 'secret', hostname: 'here' });
  });

  it('is told to join when it has none', async () => {
    const tracker = await trackerOf(refusing({ list: ['NOT_A_MEMBER'] }));
    await expect(list(clientOf([tracker.endpoint]))).rejects.toMatchObject({
      name: 'TransferError',
      code: 'NOT_A_MEMBER',
      message: expect.stringMatching(/peer join INVITE/) as string,
    });
  });

  it('does not ask for ever', async () => {
    const codes = { list: ['NOT_A_MEMBER', 'NOT_A_MEMBER'] as TrackerCode[] };
    const tracker = await trackerOf(refusing(codes));
    const client = clientOf([tracker.endpoint], { token: 'secret' });
    await expect(list(client)).rejects.toMatchObject({ code: 'NOT_A_MEMBER' });
    expect(patterns(tracker)).toEqual(['list', 'enrol', 'list']);
  });

  it.each([
    { of: 'NOT_A_MEMBER', enrol: 'INVITE_UNKNOWN', told: 'INVITE_UNKNOWN' },
    { of: 'NOT_A_MEMBER', enrol: 'INVITE_EXPIRED', told: 'INVITE_EXPIRED' },
    { of: 'NOT_A_MEMBER', enrol: 'INVITE_USED_UP', told: 'INVITE_USED_UP' },
    { of: 'MEMBER_REVOKED', enrol: 'MEMBER_REVOKED', told: 'MEMBER_REVOKED' },
    { of: 'MEMBER_EXPIRED', enrol: 'INVITE_EXPIRED', told: 'MEMBER_EXPIRED' },
  ] as const)('learns why: $of, then $enrol', async ({ of, enrol, told }) => {
    const tracker = await trackerOf(refusing({ list: [of], enrol: [enrol] }));
    const client = clientOf([tracker.endpoint], { token: 'secret' });
    const error: unknown = await list(client).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'TransferError', code: told });
    expect((error as Error).message).not.toContain('secret');
  });
});
