import { ProtocolError, type ChunkIndex } from '#protocol';
import type { ChunkBuffers } from '../budget/chunk-buffers.js';
import type { Transfer } from '../transfer/transfer.js';
import { IncomingChunk } from './incoming-chunk.js';

/** Chunks that one connection was asked for, by the numbers of the requests. */
export class IncomingChunks {
  private readonly byRequest = new Map<number, IncomingChunk>();
  private nextRequestId = 0;

  constructor(private readonly buffers: ChunkBuffers) {}

  /** Returns the number of the request to be sent. */
  ask(transfer: Transfer, chunkIndex: ChunkIndex): number {
    const requestId = this.nextRequestId;
    this.nextRequestId = (this.nextRequestId + 1) >>> 0;
    this.byRequest.set(requestId, new IncomingChunk(transfer, chunkIndex, this.buffers));
    return requestId;
  }

  /** What an answer answers. Throws ProtocolError UNEXPECTED_FRAME when nothing was asked. */
  of(requestId: number, answer: 'data' | 'a reject'): IncomingChunk {
    const incoming = this.byRequest.get(requestId);
    if (incoming !== undefined) return incoming;
    throw new ProtocolError('UNEXPECTED_FRAME', { got: `${answer} nobody asked for` });
  }

  answered(requestId: number): void {
    this.byRequest.delete(requestId);
  }

  /** Ignores what still arrives of it; returns the numbers of its requests. */
  drop(transfer: Transfer, chunkIndex: ChunkIndex): number[] {
    return this.dropIf((incoming) => {
      return incoming.transfer === transfer && incoming.chunkIndex === chunkIndex;
    });
  }

  /** As {@link drop}, of all chunks of a transfer. */
  dropTransfer(transfer: Transfer): void {
    this.dropIf((incoming) => incoming.transfer === transfer);
  }

  private dropIf(isMeant: (incoming: IncomingChunk) => boolean): number[] {
    const dropped: number[] = [];
    for (const [requestId, incoming] of this.byRequest) {
      if (!incoming.isWanted || !isMeant(incoming)) continue;
      incoming.drop();
      dropped.push(requestId);
    }
    return dropped;
  }
}
