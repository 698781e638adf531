import { ProtocolError, type ChunkIndex, type DataMessage } from '#protocol';
import type { ChunkBuffers } from '../budget/chunk-buffers.js';
import type { Transfer } from '../transfer/transfer.js';

/** One request of ours that is not fully answered: the bytes so far. */
export class IncomingChunk {
  readonly lengthBytes: number;
  private receivedBytes = 0;
  /** Taken when the first bytes come: of many chunks that are asked for, few are on their way at a
   *  time, and a buffer that was used a moment ago is still in the processor's cache. */
  private buffer: Buffer | undefined;
  private isDropped = false;

  constructor(
    readonly transfer: Transfer,
    readonly chunkIndex: ChunkIndex,
    private readonly buffers: ChunkBuffers,
  ) {
    this.lengthBytes = transfer.manifest.layout.lengthBytes(chunkIndex);
  }

  /** Whether the rest of the answer is kept; otherwise it is counted and thrown away. */
  get isWanted(): boolean {
    return !this.isDropped;
  }

  get isWhole(): boolean {
    return this.receivedBytes === this.lengthBytes;
  }

  /** Throws ProtocolError OUT_OF_RANGE when the bytes are not the next ones that were asked for. */
  fill(data: DataMessage): void {
    const endBytes = data.offsetBytes + data.bytes.length;
    if (data.offsetBytes !== this.receivedBytes || endBytes > this.lengthBytes) {
      throw new ProtocolError('OUT_OF_RANGE', {
        chunkIndex: this.chunkIndex,
        offsetBytes: data.offsetBytes,
        expectedOffsetBytes: this.receivedBytes,
      });
    }
    if (this.isWanted) {
      this.buffer ??= this.buffers.take(this.lengthBytes);
      this.buffer.set(data.bytes, data.offsetBytes);
    }
    this.receivedBytes = endBytes;
  }

  /** Hands over the whole chunk, if it is still wanted; whoever has it gives the buffer back. */
  takeBytes(): Buffer | undefined {
    const { buffer } = this;
    this.buffer = undefined;
    this.isDropped = true;
    return buffer;
  }

  /** Keeps nothing of it, now or later. */
  drop(): void {
    const buffer = this.takeBytes();
    if (buffer !== undefined) this.buffers.give(buffer);
  }
}
