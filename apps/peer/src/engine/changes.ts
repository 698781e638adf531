/** Something that changes, and those who wait for it to become what they need. */
export class Changes {
  private waiters: (() => void)[] = [];

  /** To be called after every change. */
  tell(): void {
    for (const wake of this.waiters.splice(0)) wake();
  }

  /** Resolves when `isTrue`, which may throw; rejects with the signal's reason. */
  async until(isTrue: () => boolean, { signal }: { signal: AbortSignal }): Promise<void> {
    const wake = () => this.tell();
    signal.addEventListener('abort', wake, { once: true });
    try {
      while (!isTrue()) {
        signal.throwIfAborted();
        await new Promise<void>((resolve) => this.waiters.push(resolve));
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }
}
