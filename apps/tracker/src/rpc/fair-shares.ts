import type { Socket } from 'node:net';
import { TrackerError, type Identity } from '#protocol';

export interface ShareLimits {
  readonly maxConnectionCount: number;
  readonly maxOfIdentityCount: number;
}

/** Connections end by themselves, or when they have been idle for minutes. */
const RETRY_AFTER_MS = 5_000;

/** Who has connections over which members ask: so many in all, and so many of one identity. */
export class FairShares {
  private readonly sockets = new Set<Socket>();
  private readonly countOf = new Map<Identity, number>();

  constructor(private readonly limits: ShareLimits) {}

  /** May be called for each request. Throws TrackerError BUSY. */
  take(socket: Socket, identity: Identity): void {
    if (this.sockets.has(socket)) return;
    const { maxConnectionCount, maxOfIdentityCount } = this.limits;
    const ownCount = this.countOf.get(identity) ?? 0;
    if (ownCount >= maxOfIdentityCount) {
      throw busy(`this identity has ${ownCount} connections, which is all that it may have`);
    }
    if (this.sockets.size >= maxConnectionCount) throw busy('there are too many connections');
    this.sockets.add(socket);
    this.countOf.set(identity, ownCount + 1);
    socket.once('close', () => this.release(socket, identity));
  }

  private release(socket: Socket, identity: Identity): void {
    this.sockets.delete(socket);
    const others = this.countOf.get(identity)! - 1;
    if (others === 0) this.countOf.delete(identity);
    else this.countOf.set(identity, others);
  }
}

function busy(message: string): TrackerError {
  return new TrackerError('BUSY', message, { retryAfterMs: RETRY_AFTER_MS });
}
