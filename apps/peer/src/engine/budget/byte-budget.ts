/** A cap on bytes in memory that many share. Those who find it full are called when it frees. */
export class ByteBudget {
  private usedBytes = 0;
  private readonly waiting = new Set<() => void>();

  constructor(readonly maxBytes: number) {}

  /** Whether somebody found it full and waits. */
  get isAwaited(): boolean {
    return this.waiting.size > 0;
  }

  /** A single take above the cap is granted when nothing else is held, so that nobody starves. */
  tryTake(bytes: number): boolean {
    if (this.usedBytes > 0 && this.usedBytes + bytes > this.maxBytes) return false;
    this.usedBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.usedBytes -= bytes;
    if (this.usedBytes < 0) throw new RangeError('released more bytes than were taken');
    const woken = [...this.waiting];
    this.waiting.clear();
    for (const wake of woken) wake();
  }

  /** Calls `wake` once, at the next release. */
  onceFreed(wake: () => void): void {
    this.waiting.add(wake);
  }

  /** Takes `bytes` as soon as there is room. Rejects with the signal's reason. */
  async take(bytes: number, { signal }: { signal: AbortSignal }): Promise<void> {
    while (!this.tryTake(bytes)) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake);
          this.waiting.delete(wake);
          resolve();
        };
        this.waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }
}
