import { describe, expect, it } from 'vitest';
import type { Endpoint, ListReply } from '#protocol';
import { RawTracker, rawReply, type RawRequest } from '../../../../test/support/raw-tracker.js';
import { closedEndpoint } from '../../../../test/support/session-lab.js';
import { startTracker } from '../../../../test/support/start-tracker.js';
import { TransferError } from '../core/transfer-error.js';
import { plainPath } from './tracker-path.js';
import { TrackerClient, type TrackerTimeouts } from './tracker-client.js';

const { signal } = new AbortController();
const EMPTY: ListReply = { total: 0, files: [], next: null };

function clientOf(trackers: readonly Endpoint[], timeouts?: Partial<TrackerTimeouts>) {
  return new TrackerClient(plainPath(trackers), { callMs: 60_000, connectMs: 60_000, ...timeouts });
}

function list(client: TrackerClient, prefix = '', stop: AbortSignal = signal): Promise<ListReply> {
  return client.call('list', { prefix, limit: 10 }, { signal: stop });
}

const isUnreachable = (error: unknown) =>
  error instanceof TransferError && error.code === 'TRACKER_UNREACHABLE';

describe('with the real tracker', () => {
  it('asks, is refused, and goes on over the same connection', async () => {
    await using tracker = await startTracker();
    using client = new TrackerClient(plainPath([tracker.address]));
    expect(await list(client)).toEqual(EMPTY);
    const wrong = client.call('status', { ref: 'nothing.bin', limit: 10 }, { signal });
    await expect(wrong).rejects.toMatchObject({ name: 'TrackerError', code: 'FILE_NOT_FOUND' });
    expect(await list(client)).toEqual(EMPTY);
  });

  it('finds a tracker that was killed and started again', async () => {
    await using tracker = await startTracker();
    using client = new TrackerClient(plainPath([tracker.address]));
    await list(client);
    await tracker.kill('SIGKILL');
    await expect(list(client)).rejects.toSatisfy(isUnreachable);
    await tracker.start();
    expect(await list(client)).toEqual(EMPTY);
  });
});

describe('with something by hand', () => {
  it('understands a reply however it is split', async () => {
    await using tracker = await RawTracker.listen(({ id, socket }) => {
      const bytes = Buffer.from(rawReply(id, { response: { ...EMPTY, next: 'ä🐟' } }));
      void (async () => {
        for (const byte of bytes) {
          await new Promise((written) => socket.write(Buffer.of(byte), written));
        }
      })();
    });
    using client = clientOf([tracker.endpoint]);
    expect(await list(client)).toEqual({ ...EMPTY, next: 'ä🐟' });
  });

  it('matches replies that come in another order', async () => {
    const waiting: RawRequest[] = [];
    await using tracker = await RawTracker.listen((request) => {
      waiting.push(request);
      if (waiting.length < 3) return;
      for (const { id, data, socket } of waiting.reverse()) {
        const { prefix } = data as { prefix: string };
        socket.write(rawReply(id, { response: { ...EMPTY, next: prefix } }));
      }
    });
    using client = clientOf([tracker.endpoint]);
    const replies = await Promise.all(['x/', 'y/', 'z/'].map((prefix) => list(client, prefix)));
    expect(replies.map(({ next }) => next)).toEqual(['x/', 'y/', 'z/']);
    expect(tracker.connectionCount).toBe(1);
  });

  it.each([
    ['rubbish', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a huge reply', '999999999#{'],
    ['a reply to nothing', '20#{"id":"no","err":""}'],
    ['a number', '1#7'],
    ['null', '4#null'],
    ['no JSON', '3#{]}'],
  ])('calls %s no tracker', async (_what, text) => {
    await using tracker = await RawTracker.listen(({ socket }) => socket.write(text));
    using client = clientOf([tracker.endpoint]);
    await expect(list(client)).rejects.toThrow('not a Shoal tracker');
  });

  it('gives unknown refusals the code INTERNAL', async () => {
    await using tracker = await RawTracker.listen(({ id, socket }) => {
      socket.write(rawReply(id, { err: { code: 'NEVER_HEARD_OF', message: 'no' } }));
    });
    using client = clientOf([tracker.endpoint]);
    await expect(list(client)).rejects.toMatchObject({ code: 'INTERNAL', message: 'no' });
  });

  it('gives up on a tracker that does not answer', async () => {
    await using tracker = await RawTracker.listen(() => undefined);
    using client = clientOf([tracker.endpoint], { callMs: 50 });
    await expect(list(client)).rejects.toThrow('does not answer');
  });

  it('goes on to the next tracker, and stays there', async () => {
    await using first = await RawTracker.listen(({ socket }) => socket.destroy());
    await using second = await RawTracker.answering(() => EMPTY);
    using client = clientOf([await closedEndpoint(), first.endpoint, second.endpoint]);
    expect(await list(client)).toEqual(EMPTY);
    expect(await list(client)).toEqual(EMPTY);
    expect([first.requests.length, second.requests.length]).toEqual([1, 2]);
  });

  it('names all trackers when none can be reached', async () => {
    const [one, two] = [await closedEndpoint(), await closedEndpoint()];
    using client = clientOf([one, two]);
    await expect(list(client)).rejects.toThrow(`127.0.0.1:${one.port}, 127.0.0.1:${two.port}`);
  });
});

describe('several calls at once', () => {
  it('are not ended by the one that is given up', async () => {
    const held: RawRequest[] = [];
    await using tracker = await RawTracker.listen((request) => {
      held.push(request);
      if (held.length < 2) return;
      for (const { id, socket } of held) socket.write(rawReply(id, { response: EMPTY }));
    });
    using client = clientOf([tracker.endpoint]);
    const stopping = new AbortController();
    const givenUp = list(client, '', stopping.signal);
    const failed = expect(givenUp).rejects.toThrow('enough');
    stopping.abort(new Error('enough'));
    await failed;
    // Its request may be on its way: the reply to it is nobody's business.
    expect(await Promise.all([list(client), list(client)])).toEqual([EMPTY, EMPTY]);
    expect(tracker.connectionCount).toBe(1);
  });

  it('are not ended by one that is given up while connecting', async () => {
    await using tracker = await RawTracker.answering(() => EMPTY);
    using client = clientOf([await closedEndpoint(), tracker.endpoint]);
    const stopping = new AbortController();
    const givenUp = list(client, '', stopping.signal);
    const kept = list(client);
    const failed = expect(givenUp).rejects.toThrow('enough');
    stopping.abort(new Error('enough'));
    await failed;
    expect(await kept).toEqual(EMPTY);
  });

  it('are all ended by closing the client', async () => {
    await using tracker = await RawTracker.listen(() => undefined);
    const client = clientOf([tracker.endpoint]);
    const calls = [list(client), list(client)];
    const failed = Promise.all(calls.map((call) => expect(call).rejects.toSatisfy(isUnreachable)));
    client.close();
    await failed;
    await expect(list(client)).rejects.toSatisfy(isUnreachable);
  });

  it('refuses a message that is too large before it is sent', async () => {
    await using tracker = await RawTracker.answering(() => EMPTY);
    using client = clientOf([tracker.endpoint]);
    const huge = list(client, 'x'.repeat(2 * 1024 * 1024));
    await expect(huge).rejects.toMatchObject({ code: 'FRAME_TOO_LARGE' });
    expect(await list(client)).toEqual(EMPTY);
    expect(tracker.requests).toHaveLength(1);
  });
});
