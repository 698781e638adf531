import type { Socket } from 'node:net';

/** Handshakes begun in a second, for long; each takes 1.4 ms of a core of a small machine, so that two thirds of it
 *  are left to those that have proven who they are. */
const MAX_BEGUN_PER_SECOND = 250;
/** Those that may begin at once after a quiet while. */
export const MAX_BURST_COUNT = 64;
/** Connections whose handshake has not begun; the oldest goes when another comes. */
export const MAX_WAITING_HANDSHAKE_COUNT = 2_048;

export interface HandshakePaceOptions {
  /** Begins the handshake; not called for what is closed. */
  readonly begin: (socket: Socket) => void;
  /** Longer than this nobody waits. */
  readonly maxWaitMs: number;
}

/**
 * Begins handshakes no faster than at a rate, so that a flood of them leaves time for other work. The latest
 * comes first: when there are more than can be served, it is those who came last that still wait for an answer.
 */
export class HandshakePace {
  /** And since when; the oldest first. */
  private readonly waiting = new Map<Socket, number>();
  /** The same, and some that wait no more. */
  private arrivals: Socket[] = [];
  private tokens = MAX_BURST_COUNT;
  private refilledMs = performance.now();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: HandshakePaceOptions) {}

  get waitingCount(): number {
    return this.waiting.size;
  }

  add(socket: Socket): void {
    if (this.waiting.size >= MAX_WAITING_HANDSHAKE_COUNT) {
      const [oldest] = this.waiting.keys();
      this.leave(oldest!);
    }
    if (this.arrivals.length >= 2 * MAX_WAITING_HANDSHAKE_COUNT) {
      this.arrivals = this.arrivals.filter((known) => this.waiting.has(known));
    }
    this.waiting.set(socket, performance.now());
    this.arrivals.push(socket);
    socket.once('close', () => this.waiting.delete(socket));
    socket.on('error', ignore); // 'close' follows
    this.beginDue();
  }

  /** Ends all that wait. */
  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const socket of this.waiting.keys()) socket.destroy();
    this.waiting.clear();
    this.arrivals = [];
  }

  private beginDue(): void {
    this.refill();
    this.leaveLate();
    while (this.tokens >= 1) {
      const latest = this.takeLatest();
      if (latest === undefined) return;
      this.tokens -= 1;
      latest.off('error', ignore);
      this.options.begin(latest);
    }
    if (this.waiting.size === 0 || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.beginDue();
    }, 1_000 / MAX_BEGUN_PER_SECOND);
  }

  private takeLatest(): Socket | undefined {
    for (;;) {
      const latest = this.arrivals.pop();
      if (latest === undefined) return undefined;
      if (this.waiting.delete(latest) && !latest.destroyed) return latest;
    }
  }

  private refill(): void {
    const nowMs = performance.now();
    const more = ((nowMs - this.refilledMs) / 1_000) * MAX_BEGUN_PER_SECOND;
    this.tokens = Math.min(MAX_BURST_COUNT, this.tokens + more);
    this.refilledMs = nowMs;
  }

  private leaveLate(): void {
    const sinceMs = performance.now() - this.options.maxWaitMs;
    for (const [socket, cameMs] of this.waiting) {
      if (cameMs > sinceMs) return;
      this.leave(socket);
    }
  }

  private leave(socket: Socket): void {
    this.waiting.delete(socket);
    socket.destroy();
  }
}

function ignore(): void {
  // Who waits for it to close is told so.
}
