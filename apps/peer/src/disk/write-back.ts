import type { FileHandle } from 'node:fs/promises';

/** Written bytes that are flushed together. */
const FLUSH_BYTES = 32 * 1024 * 1024;

/**
 * Has the system write a growing file back to the disk while it grows, so that little is left to
 * flush at the end. One flush at a time; its failure is kept for whoever syncs next, because the
 * system reports it only once.
 */
export class WriteBack {
  private unflushedBytes = 0;
  private flushing: Promise<void> | undefined;
  private failure: Error | undefined;

  constructor(private readonly handle: FileHandle) {}

  wrote(bytes: number): void {
    this.unflushedBytes += bytes;
    if (this.unflushedBytes < FLUSH_BYTES || this.flushing !== undefined) return;
    this.unflushedBytes = 0;
    this.flushing = this.handle
      .datasync()
      .catch((error: unknown) => {
        this.failure ??= error as Error;
      })
      .finally(() => (this.flushing = undefined));
  }

  /** Resolves when no flush is under way. Rejects with the system's error of any before. */
  async settle(): Promise<void> {
    await this.flushing;
    if (this.failure !== undefined) throw this.failure;
  }
}
