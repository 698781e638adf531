import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { MAX_WAITING_HANDSHAKE_COUNT, PinnedServer } from '#identity';
import type { Endpoint } from '#protocol';
import { MemberProof, type Secured } from './member-proof.js';
import { PeerConnection, type ConnectionOptions } from './peer-connection.js';

/** Connections that have not said hello yet, or were not admitted and are closing; the oldest goes
 *  when another comes. As many again may be proving who they are. */
const MAX_UNMET_CONNECTIONS = 64;

interface AcceptOptions extends Pick<ConnectionOptions, 'self' | 'admit' | 'handshakeTimeoutMs'> {
  /** Members only; undefined in the open. */
  readonly secured?: Secured | undefined;
}

/** Accepts connections of other peers, up to a cap. Owns the listening socket and the sockets that
 *  have not been admitted; admitted connections belong to whoever admitted them. */
export class ChunkServer {
  private readonly unmet = new Set<Socket>();
  private readonly server: Server;
  private readonly pinned: PinnedServer | undefined;
  private address: Endpoint | undefined;

  private constructor(private readonly options: AcceptOptions) {
    const { secured } = options;
    if (secured === undefined) {
      this.server = createServer({ noDelay: true });
      this.server.on('connection', (socket) => this.accept(socket, undefined));
      return;
    }
    this.pinned = new PinnedServer({
      own: secured.own,
      protocol: 'shoal/1',
      maxUnprovenCount: MAX_UNMET_CONNECTIONS,
      ...(options.handshakeTimeoutMs === undefined
        ? {}
        : { handshakeTimeoutMs: options.handshakeTimeoutMs }),
      admit: ({ socket, identity }) => {
        this.accept(socket, new MemberProof(identity, secured.members));
      },
    });
    this.server = this.pinned.server;
  }

  /** Port 0 picks a free one. Rejects with the system's error when the address cannot be had. */
  static async listen(
    options: { maxConnections: number } & Endpoint & AcceptOptions,
  ): Promise<ChunkServer> {
    const chunkServer = new ChunkServer(options);
    const { server } = chunkServer;
    // Beyond those that are admitted there is always room for some that are not met yet, and for one
    // for which the oldest of them goes.
    const unmetCount = MAX_UNMET_CONNECTIONS + 1;
    const unprovenCount =
      options.secured === undefined ? 0 : unmetCount + MAX_WAITING_HANDSHAKE_COUNT;
    server.maxConnections = options.maxConnections + unmetCount + unprovenCount;
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
    chunkServer.address = { host: options.host, port };
    return chunkServer;
  }

  get endpoint(): Endpoint {
    return this.address!;
  }

  private accept(socket: Socket, proof: MemberProof | undefined): void {
    if (this.unmet.size >= MAX_UNMET_CONNECTIONS) this.evictOldest();
    this.unmet.add(socket);
    socket.once('close', () => this.unmet.delete(socket));
    const { self, admit, handshakeTimeoutMs } = this.options;
    const connection = PeerConnection.start(socket, {
      self,
      proof,
      ...(handshakeTimeoutMs === undefined ? {} : { handshakeTimeoutMs }),
      direction: 'accepted',
      admit: (met) => {
        const answer = admit(met);
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
    this.pinned?.closeUnproven();
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
