import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { HANDSHAKE_TIMEOUT_MS } from '#protocol';
import { PinningError } from './pinning-error.js';
import { prove, type ProvenSocket } from './proof.js';
import { serverTlsOptions, type PinnedProtocol, type TlsIdentity } from './tls-options.js';

export interface PinnedServerOptions {
  readonly own: TlsIdentity;
  readonly protocol: PinnedProtocol;
  /** Connections in their handshake; the oldest goes when another comes. */
  readonly maxUnprovenCount: number;
  /** From the connection's first moment until it has proven who it is. */
  readonly handshakeTimeoutMs?: number;
  /** Called in the turn in which the identity is proven. The socket is the callee's from then on. */
  readonly admit: (proven: ProvenSocket) => void;
  /** Told of every connection that has not proven who it is. */
  readonly onRefused?: (error: PinningError) => void;
}

/**
 * A TLS server that knows who is at the other end before a byte is read. Owns the sockets that have not
 * proven it; whoever has the server listens on it, caps it and closes it.
 */
export class PinnedServer {
  readonly server: Server;
  /** Oldest first, by the two addresses, which is all that a socket and its encrypted self share. */
  private readonly unproven = new Map<string, Socket>();

  constructor(private readonly options: PinnedServerOptions) {
    this.server = createServer({
      ...serverTlsOptions(options.own, options.protocol),
      // Counts from the start, whatever arrives: bytes of a handshake do not prolong it.
      handshakeTimeout: options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
      noDelay: true,
    });
    this.server.on('connection', (socket: Socket) => this.connected(socket));
    this.server.on('secureConnection', (socket) => this.handshakeDone(socket));
    this.server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      socket.destroy();
      options.onRefused?.(refusal(error));
    });
  }

  get unprovenCount(): number {
    return this.unproven.size;
  }

  /** Ends every handshake that is not done. */
  closeUnproven(): void {
    for (const socket of this.unproven.values()) socket.destroy();
    this.unproven.clear();
  }

  private connected(socket: Socket): void {
    if (socket.remoteAddress === undefined) {
      socket.destroy(); // it has gone already
      return;
    }
    const key = keyOf(socket);
    if (this.unproven.size >= this.options.maxUnprovenCount) this.evictOldest();
    this.unproven.set(key, socket);
    socket.once('close', () => {
      if (this.unproven.get(key) === socket) this.unproven.delete(key);
    });
  }

  private handshakeDone(socket: TLSSocket): void {
    this.unproven.delete(keyOf(socket));
    let proven: ProvenSocket;
    try {
      proven = prove(socket, this.options);
    } catch (error) {
      socket.destroy();
      if (!(error instanceof PinningError)) throw error;
      this.options.onRefused?.(error);
      return;
    }
    this.options.admit(proven);
  }

  private evictOldest(): void {
    for (const [key, socket] of this.unproven) {
      this.unproven.delete(key);
      socket.destroy();
      return;
    }
  }
}

function keyOf(socket: Socket): string {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return `${String(remoteAddress)} ${String(remotePort)} ${String(localAddress)} ${String(localPort)}`;
}

function refusal(cause: NodeJS.ErrnoException): PinningError {
  return cause.code === 'ERR_TLS_HANDSHAKE_TIMEOUT'
    ? new PinningError('HANDSHAKE_TIMEOUT', 'the handshake took too long', { cause })
    : new PinningError('HANDSHAKE_FAILED', 'the handshake failed', { cause });
}
