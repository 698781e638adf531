import { ProtocolError, type ChunkIndex, type DataMessage } from '#protocol';
import type { Transfer } from '../transfer/transfer.js';

/** One request of ours that is not fully answered: the bytes so far. */
export class IncomingChunk {
  private receivedBytes = 0;
  /** Undefined once we lost interest: the rest of the answer is counted and thrown away. */
  private buffer: Buffer | undefined;

  constructor(
    readonly transfer: Transfer,
    readonly chunkIndex: ChunkIndex,
    buffer: Buffer,
  ) {
    this.buffer = buffer;
    this.lengthBytes = buffer.length;
  }

  readonly lengthBytes: number;

  get isWanted(): boolean {
    return this.buffer !== undefined;
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
    this.buffer?.set(data.bytes, data.offsetBytes);
    this.receivedBytes = endBytes;
  }

  /** Hands the buffer over; what still arrives is ignored. */
  takeBuffer(): Buffer | undefined {
    const { buffer } = this;
    this.buffer = undefined;
    return buffer;
  }
}
