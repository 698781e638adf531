import type { Bitfield } from '#protocol';
import type { DownloadTarget } from '../../disk/download-target.js';
import { RECORD_INTERVAL_MS } from '../peer-config.js';

/** Writes the resume record of a running download every now and then. Owns its timer. */
export class RecordKeeper {
  private timer: NodeJS.Timeout | undefined;
  private recordedCount: number;
  private writing: Promise<void> = Promise.resolve();
  private isClosed = false;

  /** `unchecked` shrinks while claims are being proven or refuted. */
  constructor(
    private readonly target: DownloadTarget,
    private readonly chunks: { held: Bitfield; unchecked: Bitfield },
    private readonly onFailure: (error: Error) => void,
  ) {
    this.recordedCount = chunks.held.count;
    this.schedule();
  }

  /** Resolves when no record is being written. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    await this.writing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private schedule(): void {
    if (this.isClosed) return;
    this.timer = setTimeout(() => {
      this.writing = this.record();
    }, RECORD_INTERVAL_MS);
  }

  private async record(): Promise<void> {
    const { held, unchecked } = this.chunks;
    if (held.count > this.recordedCount && !held.isComplete) {
      this.recordedCount = held.count;
      try {
        await this.target.record(held.clone(), unchecked.clone());
      } catch (error) {
        this.onFailure(error as Error);
      }
    }
    this.schedule();
  }
}
