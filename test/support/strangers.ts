import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { setImmediate } from 'node:timers/promises';
import type { Endpoint } from '#protocol';

const DIALS_AT_ONCE = 100;
const KNOCKS_AT_ONCE = 20;

/** Pseudo-random bytes, the same at every run. */
export function noise(lengthBytes: number, seed = 42): Buffer {
  const bytes = Buffer.alloc(lengthBytes);
  for (let index = 0, state = seed; index < lengthBytes; index += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    bytes[index] = state >>> 16;
  }
  return bytes;
}

/** Resolves once the system has taken the bytes, or the socket is gone. */
export function written(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()));
}

/** Works again and again until the socket ends, which the signal sees to. */
export async function untilEnded(
  socket: Socket,
  { signal, work }: { signal: AbortSignal; work: () => Promise<void> },
): Promise<void> {
  const enough = () => socket.destroy();
  if (signal.aborted) enough();
  signal.addEventListener('abort', enough, { once: true });
  while (!socket.destroyed) await work();
  signal.removeEventListener('abort', enough);
}

/** Begins a connection. */
export type Connect = (endpoint: Endpoint) => Socket;

const connectPlainly: Connect = (endpoint) => connect({ ...endpoint, noDelay: true });

/** Connections to one endpoint that belong to nobody, and that it may end as it likes. */
export class Strangers implements AsyncDisposable {
  private readonly sockets = new Set<Socket>();

  constructor(
    private readonly endpoint: Endpoint,
    private readonly connectTo: Connect = connectPlainly,
  ) {}

  /** Those that are still connected. */
  get count(): number {
    return this.sockets.size;
  }

  /** Connects one; reads, unless told otherwise, and throws away what it reads. */
  async dial({ reads = 'all' }: { reads?: 'all' | 'nothing' } = {}): Promise<Socket> {
    const socket = this.connectTo(this.endpoint);
    this.sockets.add(socket);
    const closed = new Promise<void>((resolve) => {
      socket.on('close', () => {
        this.sockets.delete(socket);
        resolve();
      });
    });
    socket.on('error', () => undefined); // 'close' follows
    if (reads === 'all') socket.resume();
    const event = socket instanceof TLSSocket ? 'secureConnect' : 'connect';
    await Promise.race([once(socket, event).catch(() => undefined), closed]);
    return socket;
  }

  async dialMany(count: number): Promise<void> {
    for (let dialled = 0; dialled < count; dialled += DIALS_AT_ONCE) {
      const dials = Math.min(DIALS_AT_ONCE, count - dialled);
      await Promise.all(Array.from({ length: dials }, () => this.dial()));
    }
  }

  /** Keeps so many connected that say nothing, in the place of those that are ended, until the signal. */
  async crowd(count: number, { signal }: { signal: AbortSignal }): Promise<void> {
    while (!signal.aborted) {
      await this.dialMany(Math.min(DIALS_AT_ONCE, count - this.count));
      await setImmediate();
    }
  }

  /** Connects and leaves, again and again, many at a time, until the signal. */
  async knock({ signal, beginning }: { signal: AbortSignal; beginning?: () => Buffer }) {
    const knockOn = async () => {
      while (!signal.aborted) {
        const socket = await this.dial();
        if (beginning !== undefined) await written(socket, beginning());
        leave(socket);
      }
    };
    await Promise.all(Array.from({ length: KNOCKS_AT_ONCE }, knockOn));
  }

  /** Sends again and again what `next` gives, as fast as it is taken, on one connection after the
   *  other, until the signal. */
  async flood(
    next: () => Buffer,
    { signal, reads = 'all' }: { signal: AbortSignal; reads?: 'all' | 'nothing' },
  ): Promise<void> {
    while (!signal.aborted) {
      const socket = await this.dial({ reads });
      await untilEnded(socket, { signal, work: () => written(socket, next()) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closing = [...this.sockets].map((socket) => once(socket, 'close').catch(() => undefined));
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(closing);
  }
}

/** With a reset where the system lets us: ports that wait after an orderly end would run out. */
function leave(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
