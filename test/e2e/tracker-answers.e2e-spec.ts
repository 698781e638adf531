import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HELD_NONE, MAX_TRACKER_MESSAGE_CHARS, type HostStatus } from '#protocol';
import { eventually } from '../support/eventually.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';
import { sampleFile, TrackerPeer, type SampleFile } from '../support/tracker-peer.js';

/** Names that sort differently as UTF-16, as UTF-8, and without regard to case. */
const STRANGE_NAMES = ['a%', 'a_', 'aa', 'A', 'Z', 'ä', 'é', '日本', '\u{ffee}', '😀', 'z'];

describe('what the tracker answers', () => {
  let tracker: RunningTracker;
  let seeder: TrackerPeer;
  const one = sampleFile({ seed: 1, chunkCount: 1 });
  beforeAll(async () => {
    tracker = await startTracker();
    seeder = await TrackerPeer.join(tracker);
  });
  afterAll(async () => {
    await seeder[Symbol.asyncDispose]();
    await tracker[Symbol.asyncDispose]();
  });

  async function registerNames(names: readonly string[], file: SampleFile): Promise<void> {
    const { digest, sizeBytes, hashes } = file;
    for (let from = 0; from < names.length; from += 500) {
      const files = names
        .slice(from, from + 500)
        .map(
          (name) => ({ digest, sizeBytes, hashes, name, naming: 'publish', held: 'all' }) as const,
        );
      const { results } = await seeder.callAs('register', { files });
      expect(results.every(({ ok }) => ok)).toBe(true);
    }
  }

  async function listAll(prefix: string, limit: number): Promise<string[]> {
    const names: string[] = [];
    for (let after: string | undefined; ;) {
      const request = { prefix, limit, ...(after === undefined ? {} : { after }) };
      const page = await seeder.call('list', request);
      names.push(...page.files.map(({ name }) => name!));
      if (page.next === null) return names;
      after = page.next;
    }
  }

  it('pages a list of many names, whatever their letters', async () => {
    const names = Array.from(
      { length: 1_300 },
      (_, index) => `${STRANGE_NAMES[index % STRANGE_NAMES.length]!}/${index}`,
    );
    const listed = names.map((name) => `list/${name}`);
    await registerNames(listed, one);
    const sorted = [...listed].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(await listAll('list/', 100)).toEqual(sorted);
    expect(await listAll('list/', 1_000)).toEqual(sorted);
    for (const letters of STRANGE_NAMES) {
      const prefix = `list/${letters}`;
      const expected = sorted.filter((name) => name.startsWith(prefix));
      expect(await listAll(prefix, 50)).toEqual(expected);
      const { total } = await seeder.call('list', { prefix, limit: 1 });
      expect(total).toBe(expected.length);
    }
    const wrong = seeder.call('list', { prefix: 'a//', limit: 1 });
    await expect(wrong).rejects.toMatchObject({ code: 'INVALID_NAME' });
  });

  it('never grows a message beyond the limit', async () => {
    const long = Array.from({ length: 1_000 }, (_, index) => {
      const folder = `${'\u{1d4d0}'.repeat(60)}/`;
      return `long/${folder.repeat(4)}${index}`;
    });
    await registerNames(long, one);
    expect(await listAll('long/', 1_000)).toHaveLength(1_000);
    await using second = await TrackerPeer.join(tracker);
    await using third = await TrackerPeer.join(tracker);
    for (const peer of [second, third]) await peer.register(one);
    const { files } = await seeder.call('locations', { files: long, limit: 200 });
    expect(files.length).toBeGreaterThan(0);
    expect(files.length).toBeLessThan(1_000);
    expect(seeder.caller.lastMessage.length).toBeLessThanOrEqual(MAX_TRACKER_MESSAGE_CHARS);
    const manifests = await seeder.call('manifest', {
      files: Array.from({ length: 1_000 }, () => ({ digest: one.digest, firstChunkIndex: 0 })),
    });
    expect(manifests.files).toHaveLength(1_000);
  });

  it('hands out a bounded mix of online peers, and not the asker', async () => {
    const file = sampleFile({ seed: 2, chunkCount: 8 });
    await seeder.register(file, { name: 'mix' });
    const leechers = await Promise.all(
      Array.from({ length: 12 }, () => TrackerPeer.join(tracker, { endpoints: [] })),
    );
    for (const peer of leechers) await peer.register(file, { held: HELD_NONE });
    const asker = leechers[0]!;
    const request = { files: [file.digest], exclude: asker.peerId, limit: 5 };
    const [result] = (await asker.call('locations', request)).files;
    if (result?.ok !== true) throw new Error('refused');
    expect(result.count).toBe(13);
    const peerIds = result.locations.map(({ peerId }) => peerId);
    expect(peerIds).toHaveLength(5);
    expect(peerIds).toContain(seeder.peerId);
    expect(peerIds).not.toContain(asker.peerId);
    expect(result.locations.map(({ endpoints }) => endpoints.length).sort()).toEqual([
      0, 0, 0, 0, 1,
    ]);
    for (const peer of leechers) {
      await peer.callAs('leave', {});
      await peer[Symbol.asyncDispose]();
    }
    const [after] = (await seeder.call('locations', { files: ['mix'], limit: 5 })).files;
    expect(after).toMatchObject({ count: 1 });
  });

  it('knows which hosts are done, also those that left', async () => {
    const file = sampleFile({ seed: 3, chunkCount: 4 });
    const { digest } = file;
    await seeder.register(file, { name: 'fleet' });
    await using left = await TrackerPeer.join(tracker, { hostname: 'left' });
    await left.register(file, { held: HELD_NONE });
    await left.callAs('chunkRegister', { files: [{ digest, ranges: [[0, 3]] }] });
    await left.callAs('leave', {});
    await using half = await TrackerPeer.join(tracker, { hostname: 'half' });
    await half.register(file, { held: HELD_NONE });
    await half.callAs('chunkRegister', { files: [{ digest, ranges: [[2, 3]] }] });
    await using older = await TrackerPeer.join(tracker, { hostname: 'streamed' });
    await using streamed = await TrackerPeer.join(tracker, {
      hostname: 'streamed',
      identity: older.identity,
    });
    for (const peer of [older, streamed]) await peer.register(file, { held: HELD_NONE });
    const done = { ref: digest, scope: 'identity', naming: 'keep', completed: true } as const;
    await streamed.callAs('unshare', { files: [done] });
    const hosts: HostStatus[] = [];
    for (let after: string | undefined; ;) {
      const page = { ref: 'fleet', limit: 3, ...(after === undefined ? {} : { after }) };
      const status = await seeder.call('status', page);
      expect(status).toMatchObject({ name: 'fleet', digest, hostsDone: 3, hostsTotal: 4 });
      hosts.push(...status.hosts);
      if (status.next === null) break;
      after = status.next;
    }
    const byName = (name: string) => hosts.find(({ hostname }) => hostname === name);
    expect(hosts.map(({ identity }) => identity)).toEqual(
      [seeder, left, half, streamed].map(({ identity }) => identity).sort(),
    );
    const isDone = { complete: true, chunksHeld: 4, chunkCount: 4 };
    expect(byName('test-host')).toMatchObject({ ...isDone, online: true, host: '127.0.0.1' });
    expect(byName('left')).toMatchObject({ ...isDone, online: false, peerId: left.peerId });
    expect(byName('streamed')).toMatchObject({ ...isDone, online: false });
    expect(byName('half')).toMatchObject({ complete: false, chunksHeld: 2, online: true });
    const unknown = seeder.call('status', { ref: 'nothing', limit: 1 });
    await expect(unknown).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });

  it('says one age of a file that was known before it had a name', async () => {
    await using peer = await TrackerPeer.join(tracker);
    const file = sampleFile({ seed: 77, chunkCount: 2 });
    await peer.register(file, { naming: 'keep' });
    const firstSeenMs = Date.now();
    await eventually(() => expect(Date.now()).toBeGreaterThan(firstSeenMs));
    await peer.register(file, { name: 'aged' });
    const { files } = await peer.call('locations', { files: ['aged', file.digest], limit: 1 });
    const [byName, byDigest] = files;
    expect(byName).toMatchObject({ ok: true, file: { name: 'aged' } });
    expect(byDigest).toEqual(byName);
  });

  it('tells operators over HTTP that it is well', async () => {
    const base = `http://${tracker.http.host}:${tracker.http.port}`;
    for (const path of ['/healthz', '/readyz']) {
      const response = await fetch(`${base}${path}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('x-powered-by')).toBeNull();
      expect(await response.json()).toEqual({ status: 'ok' });
    }
    const missing = await fetch(`${base}/nothing`);
    expect(missing.status).toBe(404);
    expect(missing.headers.get('content-type')).toContain('application/json');
  });
});
