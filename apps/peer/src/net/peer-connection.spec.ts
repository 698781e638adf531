import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePeerId, type WireCode, type WireMessage } from '#protocol';
import { RawListener, RawPeer, rawPeerId } from '../../../../test/support/raw-peer.js';
import { rawFrame, rawFrames, u32 } from '../../../../test/support/raw-frames.js';
import { ChunkServer } from './chunk-server.js';
import { dialPeer } from './dialer.js';
import type { ConnectionHandler, PeerConnection } from './peer-connection.js';

const US = parsePeerId(rawPeerId('a'));
const THEM = rawPeerId('b');
const SELF = { peerId: US, programVersion: '0.0.0' };

/** Everything a connection says, and its end. */
class Recorder implements ConnectionHandler {
  readonly messages: WireMessage[] = [];
  receivedBytes = 0;
  readonly closed: Promise<Error | undefined>;
  private close!: (error: Error | undefined) => void;

  constructor(readonly connection: PeerConnection) {
    this.closed = new Promise((resolve) => (this.close = resolve));
  }

  onMessage(message: WireMessage): void {
    this.messages.push(message);
  }

  onData(data: { bytes: Uint8Array }): void {
    this.receivedBytes += data.bytes.length;
  }

  onWritable(): void {
    this.connection.send({ type: 'keepalive' });
  }

  onClosed(error: Error | undefined): void {
    this.close(error);
  }
}

let server: ChunkServer;
let verdict: WireCode | undefined;
let admitted: Promise<Recorder>;

beforeEach(async () => {
  verdict = undefined;
  let admit!: (recorder: Recorder) => void;
  admitted = new Promise((resolve) => (admit = resolve));
  server = await ChunkServer.listen({
    host: '127.0.0.1',
    port: 0,
    maxConnections: 16,
    self: SELF,
    handshakeTimeoutMs: 2_000,
    admit: (connection) => {
      if (verdict !== undefined) return verdict;
      const recorder = new Recorder(connection);
      admit(recorder);
      return recorder;
    },
  });
});

afterEach(async () => {
  await server.close();
});

describe('the hello', () => {
  it('is understood however it is split', async () => {
    await using peer = await RawPeer.dial(server.endpoint, THEM);
    await peer.trickle(rawFrames.hello(THEM));
    expect((await peer.next()).peerId).toBe(US);
    expect((await admitted).connection.peerId).toBe(THEM);
  });

  it.each([
    ['another magic', rawFrames.hello(THEM, 'SHOALPX\0')],
    ['another version', rawFrames.hello(THEM, undefined, 2)],
    ['a peer id of another form', rawFrames.hello(THEM.toUpperCase())],
    ['our own peer id', rawFrames.hello(US)],
    ['data first', rawFrames.data(0, 0, Buffer.of(1))],
    ['a request first', rawFrames.request(0, 0, { chunk: 0, length: 1 })],
    ['a skippable frame first', rawFrame(0x80)],
    ['an empty frame', u32(0)],
    ['a huge frame', u32(0xffff_ffff)],
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('is refused without a word: %s', async (_what, bytes) => {
    await using peer = await RawPeer.dial(server.endpoint, THEM);
    peer.send(bytes);
    await expect(peer.next()).rejects.toThrow('ended');
  });

  it('is waited for until the deadline only', async () => {
    await using peer = await RawPeer.dial(server.endpoint, THEM);
    await expect(peer.next()).rejects.toThrow('ended');
  });

  it('may be answered by a goodbye', async () => {
    verdict = 'BANNED';
    await using peer = await RawPeer.meet(server.endpoint, THEM);
    expect(await peer.ended()).toBe('BANNED');
  });
});

describe('after the hello', () => {
  it.each([
    ['a second hello', rawFrames.hello(THEM), 'UNEXPECTED_FRAME'],
    ['an unknown frame', rawFrame(0x7f), 'UNKNOWN_FRAME'],
    ['a huge frame', u32(0xffff_ffff), 'FRAME_TOO_LARGE'],
    ['an empty frame', u32(0), 'MALFORMED_FRAME'],
    ['empty data', rawFrames.data(0, 0, Buffer.alloc(0)), 'MALFORMED_FRAME'],
    ['a body too long', rawFrame('cancel', u32(1, 1)), 'MALFORMED_FRAME'],
    ['a length of 0', rawFrames.request(0, 0, { chunk: 0, length: 0 }), 'OUT_OF_RANGE'],
  ])('%s ends the connection', async (_what, bytes, code) => {
    await using peer = await RawPeer.meet(server.endpoint, THEM);
    peer.send(bytes, rawFrames.cancel(7));
    expect(await peer.ended()).toBe(code);
    const recorder = await admitted;
    expect(await recorder.closed).toMatchObject({ code });
    expect(recorder.messages).toEqual([]);
  });

  it('skips what later versions may say', async () => {
    await using peer = await RawPeer.meet(server.endpoint, THEM);
    peer.send(rawFrame(0x80), rawFrame(0xff, Buffer.from('hint')), rawFrame('keepalive'));
    peer.send(rawFrames.cancel(7), rawFrames.goodbye('OK'));
    const recorder = await admitted;
    expect(await recorder.closed).toBeUndefined();
    expect(recorder.messages).toEqual([{ type: 'cancel', requestId: 7 }]);
  });

  it('takes what comes after a goodbye for nothing', async () => {
    await using peer = await RawPeer.meet(server.endpoint, THEM);
    peer.send(rawFrames.goodbye('IDLE'), Buffer.from('rubbish that is no frame at all'));
    expect(await (await admitted).closed).toBeUndefined();
  });

  it('knows why the other end left', async () => {
    await using peer = await RawPeer.meet(server.endpoint, THEM);
    peer.send(rawFrames.goodbye('TOO_MANY_CONNECTIONS'));
    expect(await (await admitted).closed).toMatchObject({ code: 'TOO_MANY_CONNECTIONS' });
  });

  it('takes an end without a goodbye for a failure', async () => {
    const peer = await RawPeer.meet(server.endpoint, THEM);
    await peer[Symbol.asyncDispose]();
    expect(await (await admitted).closed).toBeInstanceOf(Error);
  });

  it('ends though the other end says goodbye and then neither reads nor closes', async () => {
    await using peer = await RawPeer.meet(server.endpoint, THEM);
    const { connection, closed } = await admitted;
    peer.stopReading();
    const bytes = Buffer.alloc(128 * 1024);
    for (let offset = 0; connection.isWritable; offset += bytes.length) {
      connection.sendData({ requestId: 0, offsetBytes: offset, bytes }, () => undefined);
    }
    peer.send(rawFrames.goodbye('OK'));
    expect(await closed).toBeUndefined();
  });

  it('gives every buffer back when the connection is cut', async () => {
    const peer = await RawPeer.meet(server.endpoint, THEM);
    const { connection, closed } = await admitted;
    peer.stopReading();
    const bytes = Buffer.alloc(128 * 1024);
    let lentCount = 0;
    for (let offset = 0; connection.isWritable; offset += bytes.length) {
      lentCount += 1;
      connection.sendData({ requestId: 0, offsetBytes: offset, bytes }, () => (lentCount -= 1));
    }
    peer.socket.resetAndDestroy();
    await closed;
    expect(lentCount).toBe(0);
  });

  it('leaves an end that asks and asks and never reads', async () => {
    await using peer = await RawPeer.meet(server.endpoint, THEM);
    const { connection, closed } = await admitted;
    peer.stopReading();
    while (connection.isOpen) connection.send({ type: 'reject', requestId: 0, code: 'CHOKED' });
    expect(await closed).toMatchObject({ code: 'SILENT' });
  });
});

describe('dialling', () => {
  const { signal } = new AbortController();
  const options = (admit: (connection: PeerConnection) => ConnectionHandler | WireCode) => {
    return { self: SELF, expectedPeerId: parsePeerId(THEM), admit };
  };

  it('says goodbye to whoever is not the peer that was meant, and tries its next address', async () => {
    await using stranger = await RawListener.listen(rawPeerId('c'));
    await using friend = await RawListener.listen(THEM);
    const dialled = dialPeer(
      [stranger.endpoint, friend.endpoint],
      options((connection) => new Recorder(connection)),
      { signal },
    );
    expect(await (await stranger.meet()).ended()).toBe('WRONG_PEER');
    await friend.meet();
    const connection = await dialled;
    expect(connection.peerId).toBe(THEM);
    await connection.close('OK');
  });

  it('stops at once while it waits for a hello', async () => {
    await using silent = await RawListener.listen(THEM);
    const stopping = new AbortController();
    const dialled = dialPeer(
      [silent.endpoint],
      options(() => 'OK'),
      { signal: stopping.signal },
    );
    const failed = expect(dialled).rejects.toThrow('enough');
    const peer = await silent.accept();
    await peer.next('hello');
    stopping.abort(new Error('enough'));
    await failed;
    await peer.ended();
  });

  it('fails where nobody speaks the wire', async () => {
    await using silent = await RawListener.listen(THEM);
    const dialled = dialPeer(
      [silent.endpoint],
      options(() => 'OK'),
      { signal },
    );
    const failed = expect(dialled).rejects.toMatchObject({ code: 'FRAME_TOO_LARGE' });
    (await silent.accept()).send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await failed;
  });
});
