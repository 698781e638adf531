import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { PinnedServer, type TlsIdentity } from '#identity';
import type { Endpoint, Identity } from '#protocol';

export interface RawRequest {
  readonly id: string;
  readonly pattern: string;
  readonly data: unknown;
  readonly socket: Socket;
  /** Who has proven to be at the other end; undefined over plain connections. */
  readonly identity: Identity | undefined;
}

/** The framing by hand, from docs/tracker-api.md. */
export function rawReply(id: string, reply: { response?: unknown; err?: unknown }): string {
  const json = JSON.stringify({ id, isDisposed: true, ...reply });
  return `${json.length}#${json}`;
}

/** Something that listens where a tracker should, and answers what a test makes it answer. */
export class RawTracker implements AsyncDisposable {
  readonly requests: RawRequest[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly onRequest: (request: RawRequest) => void,
  ) {}

  static async listen(onRequest: (request: RawRequest) => void): Promise<RawTracker> {
    const server = createServer({ noDelay: true }).listen({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const tracker = new RawTracker(server, onRequest);
    server.on('connection', (socket) => tracker.accept(socket, undefined));
    return tracker;
  }

  /** As {@link RawTracker.listen}, encrypted: the tracker of a network that is secured. */
  static async listenPinned(
    own: TlsIdentity,
    onRequest: (request: RawRequest) => void,
    port = 0,
  ): Promise<RawTracker> {
    const { server } = new PinnedServer({
      own,
      protocol: 'shoal-tracker/1',
      maxUnprovenCount: 16,
      admit: ({ socket, identity }) => tracker.accept(socket, identity),
    });
    server.listen({ host: '127.0.0.1', port });
    await once(server, 'listening');
    const tracker: RawTracker = new RawTracker(server, onRequest);
    return tracker;
  }

  /** Answers every request alike. */
  static answering(reply: (request: RawRequest) => unknown): Promise<RawTracker> {
    return RawTracker.listen((request) => {
      request.socket.write(rawReply(request.id, { response: reply(request) }));
    });
  }

  get endpoint(): Endpoint {
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port };
  }

  get connectionCount(): number {
    return this.sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private accept(socket: Socket, identity: Identity | undefined): void {
    let text = '';
    this.sockets.add(socket);
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => this.sockets.delete(socket));
    socket.setEncoding('utf8');
    socket.on('data', (part) => {
      text += part.toString();
      for (;;) {
        const start = text.indexOf('#') + 1;
        const end = start + Number(text.slice(0, start - 1));
        if (start === 0 || text.length < end) return;
        const message = JSON.parse(text.slice(start, end)) as Omit<
          RawRequest,
          'socket' | 'identity'
        >;
        text = text.slice(end);
        const request = { ...message, socket, identity };
        this.requests.push(request);
        this.onRequest(request);
      }
    });
  }
}
