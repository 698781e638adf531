import { once } from 'node:events';
import { connect as connectPlain, type AddressInfo, type Socket } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import {
  PinnedServer,
  type PinnedProtocol,
  type PinnedServerOptions,
  type PinningError,
  type ProvenSocket,
} from '#identity';
import type { Endpoint } from '#protocol';
import { newTlsIdentity, type NamedTlsIdentity } from './tls-identity.js';

/** A pinned server on a free port of loopback that greets whom it admits, and whoever calls there by
 *  hand. Closes all of it. */
export class PinnedLab implements AsyncDisposable {
  readonly admitted: ProvenSocket[] = [];
  readonly refused: PinningError[] = [];
  /** What was read from admitted sockets, as it came. */
  received = '';
  private waiters: (() => void)[] = [];
  private readonly callers: Socket[] = [];

  private constructor(
    readonly self: NamedTlsIdentity,
    readonly pinned: PinnedServer,
    readonly endpoint: Endpoint,
  ) {}

  static async open(
    options: Partial<PinnedServerOptions> & { readonly protocol: PinnedProtocol },
  ): Promise<PinnedLab> {
    const self = await newTlsIdentity();
    const pinned: PinnedServer = new PinnedServer({
      own: self,
      maxUnprovenCount: 16,
      admit: (proven) => lab.admit(proven),
      onRefused: (error) => lab.refuse(error),
      ...options,
    });
    pinned.server.listen({ host: '127.0.0.1', port: 0 });
    await once(pinned.server, 'listening');
    const { port } = pinned.server.address() as AddressInfo;
    const lab: PinnedLab = new PinnedLab(self, pinned, { host: '127.0.0.1', port });
    pinned.server.on('connection', (socket: Socket) => socket.once('close', () => lab.changed()));
    return lab;
  }

  private admit(proven: ProvenSocket): void {
    this.admitted.push(proven);
    proven.socket.on('error', () => undefined); // 'close' follows
    proven.socket.on('data', (bytes: Buffer) => {
      this.received += bytes.toString();
      this.changed();
    });
    proven.socket.write('hello');
    this.changed();
  }

  private refuse(error: PinningError): void {
    this.refused.push(error);
    this.changed();
  }

  /** Resolves when `isTrue`; looks whenever something has happened here. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((wake) => this.waiters.push(wake));
  }

  /** A connection without a word. */
  async callPlain(): Promise<Socket> {
    const socket = this.keep(connectPlain(this.endpoint));
    await once(socket, 'connect');
    return socket;
  }

  /** A hand-made TLS client that believes anybody. */
  callTls(options: ConnectionOptions): TLSSocket {
    return this.keep(connect({ ...this.endpoint, rejectUnauthorized: false, ...options }));
  }

  private keep<S extends Socket>(socket: S): S {
    socket.on('error', () => undefined); // 'close' follows
    this.callers.push(socket);
    return socket;
  }

  private changed(): void {
    for (const wake of this.waiters.splice(0)) wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.callers) socket.destroy();
    for (const { socket } of this.admitted) socket.destroy();
    this.pinned.closeUnproven();
    await new Promise((closed) => this.pinned.server.close(closed));
  }
}

/** All that a socket gives until it has gone. */
export async function readToEnd(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  if (!socket.closed) await new Promise((closed) => socket.once('close', closed));
  return text;
}
