import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_TRACKER_MESSAGE_CHARS } from '#protocol';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';
import { noise } from '../support/strangers.js';
import { TrackerPeer } from '../support/tracker-peer.js';

const frame = (json: string) => `${json.length}#${json}`;
const request = (data: string) => frame(`{"pattern":"list","id":"1","data":${data}}`);

describe('a hostile stranger', () => {
  let tracker: RunningTracker;
  let witness: TrackerPeer;
  beforeAll(async () => {
    tracker = await startTracker();
    witness = await TrackerPeer.join(tracker);
  });
  afterAll(async () => {
    await witness[Symbol.asyncDispose]();
    await tracker[Symbol.asyncDispose]();
  });

  /** Somebody else is still served, by the same process. */
  const isServing = async () => {
    const reply = await witness.callAs('heartbeat', { bytesUp: 0, bytesDown: 0 });
    expect(reply.bootId).toBe(witness.joined.bootId);
  };

  it.each<[string, string | Buffer]>([
    ['random bytes', Buffer.concat([Buffer.from('#'), noise(64 * 1024)])],
    ['no length', '#{}'],
    ['a length that is none', 'abc#{}'],
    ['a negative length', '-5#{}'],
    ['not JSON', frame('not json')],
    ['half of JSON', frame('{"pattern":')],
    ['a number', frame('7')],
    ['null', frame('null')],
    ['an array', frame('[]')],
    ['no pattern', frame('{"id":"1","data":{}}')],
    ['a pattern that is an object', frame('{"pattern":{"cmd":"list"},"id":"1"}')],
    ['a long pattern', frame(JSON.stringify({ pattern: 'x'.repeat(1_000), id: '1' }))],
    ['no id', frame('{"pattern":"list","data":{}}')],
    ['a huge id', frame(JSON.stringify({ pattern: 'list', id: 'x'.repeat(100_000) }))],
    ['an id that is an object', frame('{"pattern":"list","id":{"toString":1}}')],
    ['deep nesting instead of a request', frame('['.repeat(500_000))],
    ['a message that is too long', request(`"${'x'.repeat(MAX_TRACKER_MESSAGE_CHARS)}"`)],
    ['an endless message', `999999999999#${'x'.repeat(5 * MAX_TRACKER_MESSAGE_CHARS)}`],
    ['no end of digits', '1'.repeat(5 * MAX_TRACKER_MESSAGE_CHARS)],
  ])('loses the connection with %s', async (_, bytes) => {
    const socket = connect(tracker.address);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined); // a reset, when it was still sending
    socket.on('data', () => undefined);
    socket.write(bytes);
    await closed;
    await isServing();
  });

  it('is told what is wrong with a request that is well framed', async () => {
    await using caller = await tracker.caller();
    for (const data of [null, 7, [], 'text', { prefix: [[[[]]]], limit: 1 }]) {
      const refusal = caller.callRaw('list', data);
      await expect(refusal).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    }
    await isServing();
  });

  it('is told so when a request is nested beyond reason', async () => {
    const socket = connect(tracker.address);
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    socket.write(request(`{"prefix":${deep},"limit":1}`));
    const [reply] = (await once(socket, 'data')) as [Buffer];
    expect(reply.toString()).toContain('"code":"INVALID_REQUEST"');
    socket.destroy();
    await once(socket, 'close');
    await isServing();
  });

  it('gets answers to many requests in one go, each as they fit', async () => {
    await using caller = await tracker.caller();
    const calls = Array.from({ length: 2_000 }, () =>
      caller.call('list', { prefix: '', limit: 1_000 }),
    );
    const replies = await Promise.all(calls);
    expect(replies).toHaveLength(2_000);
    await isServing();
  });

  it('may send a message in any pieces', async () => {
    const socket = connect(tracker.address);
    await once(socket, 'connect');
    socket.setNoDelay(true);
    const text = Buffer.from(request('{"prefix":"日本/","limit":1}'));
    for (const byte of text) {
      await new Promise((resolve) => socket.write(Buffer.of(byte), resolve));
    }
    const [reply] = (await once(socket, 'data')) as [Buffer];
    expect(reply.toString()).toContain('"total":0');
    socket.destroy();
    await once(socket, 'close');
  });

  it('fills no log with what it sent', () => {
    const lines = tracker.stderr.trim().split('\n');
    // More than twenty connections were closed until here: they have a line a minute.
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThan(10);
    expect(lines.filter((line) => line.length > 400 || !line.includes(' warn '))).toEqual([]);
  });

  it('does not keep the tracker from stopping', async () => {
    await using other = await startTracker();
    const socket = connect(other.address);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    // A reset ends it as well, and once() would reject for that.
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('100#{"half');
    expect(await other.kill()).toBe(0);
    await closed;
  });
});
