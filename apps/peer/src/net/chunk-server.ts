import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Endpoint } from '#protocol';
import { PeerConnection, type ConnectionOptions } from './peer-connection.js';

/** Connections that have not said hello yet, or were not admitted and are closing; the oldest goes
 *  when another comes. */
const MAX_UNMET_CONNECTIONS = 64;

type AcceptOptions = Pick<ConnectionOptions, 'self' | 'admit' | 'handshakeTimeoutMs'>;

/** Accepts connections of other peers, up to a cap. Owns the listening socket and the sockets that
 *  have not been admitted; admitted connections belong to whoever admitted them. */
export class ChunkServer {
  private readonly unmet = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly endpoint: Endpoint,
  ) {}

  /** Port 0 picks a free one. Rejects with the system's error when the address cannot be had. */
  static async listen(
    options: { maxConnections: number } & Endpoint & AcceptOptions,
  ): Promise<ChunkServer> {
    const server = createServer({ noDelay: true });
    // Beyond those that are admitted there is always room for some that are not met yet, and for one
    // for which the oldest of them goes.
    server.maxConnections = options.maxConnections + MAX_UNMET_CONNECTIONS + 1;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: options.host, port: options.port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    // One connection could not be accepted, for want of a descriptor, say; the next may be.
    server.on('error', () => undefined);
    const { port } = server.address() as AddressInfo;
    const chunkServer = new ChunkServer(server, { host: options.host, port });
    server.on('connection', (socket) => chunkServer.accept(socket, options));
    return chunkServer;
  }

  private accept(socket: Socket, options: AcceptOptions): void {
    if (this.unmet.size >= MAX_UNMET_CONNECTIONS) this.evictOldest();
    this.unmet.add(socket);
    socket.once('close', () => this.unmet.delete(socket));
    const connection = PeerConnection.start(socket, {
      ...options,
      direction: 'accepted',
      admit: (met) => {
        const answer = options.admit(met);
        if (typeof answer !== 'string') this.unmet.delete(socket);
        return answer;
      },
    });
    socket.on('data', (bytes: Buffer) => connection.push(bytes));
  }

  private evictOldest(): void {
    for (const socket of this.unmet) {
      this.unmet.delete(socket);
      socket.destroy();
      return;
    }
  }

  /** Accepts no more; resolves when the admitted connections are gone, too. */
  async close(): Promise<void> {
    for (const socket of this.unmet) socket.destroy();
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
