import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { HANDSHAKE_TIMEOUT_MS } from '#protocol';
import { HandshakePace } from './handshake-pace.js';
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
  /** Emits `secureConnection`, too. */
  readonly server: Server;
  /** Oldest first, by the two addresses, which is all that a socket and its encrypted self share. */
  private readonly unproven = new Map<string, Socket>();
  private readonly pace: HandshakePace;

  constructor(private readonly options: PinnedServerOptions) {
    const timeoutMs = options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS;
    const handshakes = createTlsServer({
      ...serverTlsOptions(options.own, options.protocol),
      // Counts from the start, whatever arrives: bytes of a handshake do not prolong it.
      handshakeTimeout: timeoutMs,
      noDelay: true,
    });
    this.pace = new HandshakePace({
      maxWaitMs: timeoutMs,
      begin: (socket) => {
        if (this.begun(socket)) handshakes.emit('connection', socket);
      },
    });
    // Nothing is read of a connection before its turn.
    this.server = createServer({ noDelay: true, pauseOnConnect: true });
    this.server.on('connection', (socket) => this.pace.add(socket));
    handshakes.on('secureConnection', (socket) => {
      this.handshakeDone(socket);
      this.server.emit('secureConnection', socket);
    });
    handshakes.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      socket.destroy();
      options.onRefused?.(refusal(error));
    });
  }

  /** Those that wait for their turn included. */
  get unprovenCount(): number {
    return this.unproven.size + this.pace.waitingCount;
  }

  /** Ends every handshake that is not done. */
  closeUnproven(): void {
    this.pace.close();
    for (const socket of this.unproven.values()) socket.destroy();
    this.unproven.clear();
  }

  /** False: it has gone already. */
  private begun(socket: Socket): boolean {
    if (socket.remoteAddress === undefined) {
      socket.destroy();
      return false;
    }
    const key = keyOf(socket);
    if (this.unproven.size >= this.options.maxUnprovenCount) this.evictOldest();
    this.unproven.set(key, socket);
    socket.once('close', () => {
      if (this.unproven.get(key) === socket) this.unproven.delete(key);
    });
    return true;
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
