interface Taker {
  readonly bytes: number;
  readonly granted: () => void;
}

/** A cap on bytes in memory that many share. Those who find it full are called when it frees, or wait
 *  in line. */
export class ByteBudget {
  private usedBytes = 0;
  private readonly line = new Set<Taker>();
  private readonly watchers = new Set<() => void>();

  constructor(readonly maxBytes: number) {}

  /** Whether somebody found it full and waits. */
  get isAwaited(): boolean {
    return this.line.size + this.watchers.size > 0;
  }

  /** A single take above the cap is granted when nothing else is held, so that nobody starves. While
   *  others wait in line nothing is. */
  tryTake(bytes: number): boolean {
    return this.line.size === 0 && this.takeIfFree(bytes);
  }

  release(bytes: number): void {
    this.usedBytes -= bytes;
    if (this.usedBytes < 0) throw new RangeError('released more bytes than were taken');
    this.serveLine();
    const woken = [...this.watchers];
    this.watchers.clear();
    for (const wake of woken) wake();
  }

  /** Calls `wake` once, at the next release. */
  onceFreed(wake: () => void): void {
    this.watchers.add(wake);
  }

  /** Takes `bytes` as soon as there is room, first come first served: who holds what it needs later
   *  must never keep what it needs first from itself. Rejects with the signal's reason. */
  async take(bytes: number, { signal }: { signal: AbortSignal }): Promise<void> {
    if (this.tryTake(bytes)) return;
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const taker: Taker = {
        bytes,
        granted: () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      const giveUp = () => {
        this.line.delete(taker);
        this.serveLine();
        reject(signal.reason as Error);
      };
      this.line.add(taker);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  private serveLine(): void {
    for (const taker of this.line) {
      if (!this.takeIfFree(taker.bytes)) return;
      this.line.delete(taker);
      taker.granted();
    }
  }

  private takeIfFree(bytes: number): boolean {
    if (this.usedBytes > 0 && this.usedBytes + bytes > this.maxBytes) return false;
    this.usedBytes += bytes;
    return true;
  }
}
