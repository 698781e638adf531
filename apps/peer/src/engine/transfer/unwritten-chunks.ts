import type { ChunkIndex } from '#protocol';
import { MAX_UNWRITTEN_BYTES } from '../peer-config.js';

/** The chunks of one fetch that are verified and on their way to the disk. */
export class UnwrittenChunks {
  private readonly writes = new Map<ChunkIndex, Promise<void>>();

  constructor(private readonly chunkBytes: number) {}

  /** Whether the disk is behind. One chunk may always wait, however long it is. */
  get areEnough(): boolean {
    const { size } = this.writes;
    return size > 1 && size * this.chunkBytes >= MAX_UNWRITTEN_BYTES;
  }

  has(chunkIndex: ChunkIndex): boolean {
    return this.writes.has(chunkIndex);
  }

  /** `writing` never rejects. */
  add(chunkIndex: ChunkIndex, writing: Promise<void>): void {
    this.writes.set(chunkIndex, writing);
  }

  written(chunkIndex: ChunkIndex): void {
    this.writes.delete(chunkIndex);
  }

  /** Resolves when no write is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.writes.values());
  }
}
