import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { rawFrames, takeFrame, type RawFrame } from './raw-frames.js';

/** A peer id as the wire wants it; another letter is another identity. */
export function rawPeerId(letter: string, end = 'aaaa'): string {
  return `${letter.repeat(32)}-${end}`;
}

/** One end of a peer wire that speaks frame by frame what a test tells it to, rules or not. */
export class RawPeer implements AsyncDisposable {
  private readonly frames: RawFrame[] = [];
  private received: Buffer = Buffer.alloc(0);
  private waiters: (() => void)[] = [];
  private hasEnded = false;
  private goodbyeCode: string | undefined;

  constructor(
    readonly socket: Socket,
    readonly peerId: string,
  ) {
    socket.on('data', (bytes: Buffer) => this.read(bytes));
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => this.end());
    socket.on('end', () => this.end());
  }

  /** Connects without a word. */
  static async dial(endpoint: { host: string; port: number }, peerId: string): Promise<RawPeer> {
    const socket = connect({ ...endpoint, noDelay: true });
    await once(socket, 'connect');
    return new RawPeer(socket, peerId);
  }

  /** Connects and exchanges hellos. */
  static async meet(endpoint: { host: string; port: number }, peerId: string): Promise<RawPeer> {
    const peer = await RawPeer.dial(endpoint, peerId);
    peer.send(rawFrames.hello(peerId));
    await peer.next('hello');
    return peer;
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Every byte in a write of its own. */
  async trickle(bytes: Buffer): Promise<void> {
    for (const byte of bytes) {
      await new Promise((written) => this.socket.write(Buffer.of(byte), written));
    }
  }

  /** The next frame, or the next of one of the types, passing over others. Rejects when the other
   *  end closes first. */
  async next(...types: readonly string[]): Promise<RawFrame> {
    for (;;) {
      const frame = this.frames.shift();
      if (frame === undefined) {
        if (this.hasEnded) throw new Error(`it ended before ${types.join(' or ') || 'a frame'}`);
        await this.change();
      } else if (types.length === 0 || types.includes(frame.type)) {
        return frame;
      }
    }
  }

  /** Frames up to and with the first one that `isLast`. */
  async until(isLast: (frame: RawFrame) => boolean): Promise<RawFrame[]> {
    const frames: RawFrame[] = [];
    for (;;) {
      const frame = await this.next();
      frames.push(frame);
      if (isLast(frame)) return frames;
    }
  }

  /** The answer to one request: its bytes, or the code of its reject. */
  async answerTo(id: number, lengthBytes: number): Promise<Buffer | string> {
    const runs: Buffer[] = [];
    for (let missing = lengthBytes; missing > 0; missing -= runs.at(-1)!.length) {
      const frame = await this.next('data', 'reject');
      if (frame.id !== id) throw new Error(`an answer to ${frame.id}, not to ${id}`);
      if (frame.type === 'reject') return frame.code!;
      runs.push(frame.bytes!);
    }
    return Buffer.concat(runs);
  }

  /** The code of the goodbye with which the other end closes; undefined when it says none. */
  async ended(): Promise<string | undefined> {
    while (!this.hasEnded) await this.change();
    return this.goodbyeCode;
  }

  /** Takes nothing more from the socket. */
  stopReading(): void {
    this.socket.pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.closed) return;
    const closed = once(this.socket, 'close');
    this.socket.destroy();
    await closed;
  }

  private read(bytes: Buffer): void {
    this.received = Buffer.concat([this.received, bytes]);
    for (let taken = takeFrame(this.received); taken; taken = takeFrame(this.received)) {
      this.frames.push(taken.frame);
      if (taken.frame.type === 'goodbye') this.goodbyeCode = taken.frame.code;
      this.received = taken.rest;
    }
    this.wake();
  }

  private end(): void {
    this.hasEnded = true;
    this.wake();
  }

  private change(): Promise<void> {
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  private wake(): void {
    const { waiters } = this;
    this.waiters = [];
    for (const wake of waiters) wake();
  }
}

/** Waits to be dialled; hands out the other ends as they come. */
export class RawListener implements AsyncDisposable {
  private readonly peers: RawPeer[] = [];
  private readonly all: RawPeer[] = [];
  private wakeAccepter: (() => void) | undefined;

  private constructor(
    private readonly server: Server,
    readonly peerId: string,
  ) {
    server.on('connection', (socket) => {
      const peer = new RawPeer(socket, peerId);
      this.peers.push(peer);
      this.all.push(peer);
      this.wakeAccepter?.();
    });
  }

  static async listen(peerId: string): Promise<RawListener> {
    const server = createServer({ noDelay: true }).listen({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    return new RawListener(server, peerId);
  }

  get endpoint(): { host: string; port: number } {
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port };
  }

  get acceptedCount(): number {
    return this.all.length;
  }

  /** The next that dials, without a word said. */
  async accept(): Promise<RawPeer> {
    for (;;) {
      const peer = this.peers.shift();
      if (peer !== undefined) return peer;
      await new Promise<void>((resolve) => (this.wakeAccepter = resolve));
    }
  }

  /** The next that dials, once the hellos are exchanged. */
  async meet(): Promise<RawPeer> {
    const peer = await this.accept();
    await peer.next('hello');
    peer.send(rawFrames.hello(this.peerId));
    return peer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.all) await peer[Symbol.asyncDispose]();
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}
