import type { Server, Socket } from 'node:net';
import { MAX_WAITING_HANDSHAKE_COUNT } from '#identity';
import {
  FIRST_REQUEST_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  MAX_CONNECTION_COUNT,
  MAX_UNMET_CONNECTION_COUNT,
  MAX_UNPROVEN_CONNECTION_COUNT,
  MIN_FIRST_REQUEST_BYTES_PER_MS,
} from './rpc-limits.js';
import { MET_EVENT } from './rpc-socket.js';

/** When a connection of a server begins: at once, or when its other end has proven who it is. */
export type ConnectionEvent = 'connection' | 'secureConnection';

export interface ConnectionLimits {
  readonly maxConnectionCount: number;
  readonly maxUnmetConnectionCount: number;
  readonly firstRequestTimeoutMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  maxConnectionCount: MAX_CONNECTION_COUNT,
  maxUnmetConnectionCount: MAX_UNMET_CONNECTION_COUNT,
  firstRequestTimeoutMs: FIRST_REQUEST_TIMEOUT_MS,
};

/**
 * Caps and times out the connections of a server, and ends them all at once. Those over which nobody
 * has asked who may are few, short-lived and evicted oldest first, and never keep others out. Those that
 * are still in a handshake belong to the server that shakes hands.
 */
export class ConnectionGuard {
  private readonly sockets = new Set<Socket>();
  /** Those that have sent no request, oldest first, and when their time is up. */
  private readonly unmet = new Map<Socket, NodeJS.Timeout>();

  constructor(
    server: Server,
    begin: ConnectionEvent = 'connection',
    private readonly limits: ConnectionLimits = CONNECTION_LIMITS,
  ) {
    // Beyond those that are met there is always room for some that are not, and for one for which the
    // oldest of them goes.
    const unprovenCount =
      begin === 'connection' ? 0 : MAX_UNPROVEN_CONNECTION_COUNT + 1 + MAX_WAITING_HANDSHAKE_COUNT;
    const { maxConnectionCount, maxUnmetConnectionCount } = limits;
    server.maxConnections = maxConnectionCount + maxUnmetConnectionCount + 1 + unprovenCount;
    server.on(begin, (socket: Socket) => this.watch(socket));
  }

  closeAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private watch(socket: Socket): void {
    if (socket.destroyed) return; // it has proven nothing
    if (this.unmet.size >= this.limits.maxUnmetConnectionCount) this.evictOldest();
    this.sockets.add(socket);
    this.unmet.set(socket, this.deadline(socket, this.limits.firstRequestTimeoutMs));
    socket.setNoDelay(true);
    socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy());
    socket.once(MET_EVENT, () => this.met(socket));
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.forgetUnmet(socket);
    });
  }

  private met(socket: Socket): void {
    this.forgetUnmet(socket);
    const metCount = this.sockets.size - this.unmet.size;
    if (metCount > this.limits.maxConnectionCount) socket.destroy();
  }

  private evictOldest(): void {
    for (const socket of this.unmet.keys()) {
      this.forgetUnmet(socket);
      this.sockets.delete(socket); // it is still to be closed, and counts no more
      socket.destroy();
      return;
    }
  }

  private forgetUnmet(socket: Socket): void {
    clearTimeout(this.unmet.get(socket));
    this.unmet.delete(socket);
  }

  /** A long first request over a slow link is given the time that its bytes take. */
  private deadline(socket: Socket, waitMs: number, knownBytes = 0): NodeJS.Timeout {
    return setTimeout(() => {
      const freshBytes = socket.bytesRead - knownBytes;
      const moreMs = Math.floor(freshBytes / MIN_FIRST_REQUEST_BYTES_PER_MS);
      if (moreMs < this.limits.firstRequestTimeoutMs) socket.destroy();
      else this.unmet.set(socket, this.deadline(socket, moreMs, socket.bytesRead));
    }, waitMs);
  }
}
