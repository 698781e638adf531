import type { Server, Socket } from 'node:net';
import { IDLE_TIMEOUT_MS, MAX_CONNECTION_COUNT } from './rpc-limits.js';

/** Caps and times out the connections of a server, and ends them all at once: also those that are
 *  still in a handshake, which the transport does not know of yet. */
export class ConnectionGuard {
  private readonly sockets = new Set<Socket>();

  constructor(server: Server) {
    server.maxConnections = MAX_CONNECTION_COUNT;
    server.on('connection', (socket) => this.watch(socket));
  }

  closeAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private watch(socket: Socket): void {
    this.sockets.add(socket);
    socket.setNoDelay(true);
    socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
  }
}
