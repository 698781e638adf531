import type { Writable } from 'node:stream';
import { toChunkIndex, type ChunkIndex, type VerifiedChunk } from '#protocol';
import { TransferError } from '../../core/transfer-error.js';
import type { ChunkSink } from '../transfer/chunk-sink.js';

interface EarlyChunk {
  readonly chunk: VerifiedChunk;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Writes chunks to a stream in the file's order; those that come early wait in memory, so the
 *  fetch must not ask for chunks far ahead. */
export class StreamSink implements ChunkSink {
  private readonly early = new Map<ChunkIndex, EarlyChunk>();
  private failure: Error | undefined;
  private nextIndex = 0;
  private isWriting = false;

  /** `onAdvanced` is told the index of the first chunk that is not written yet. */
  constructor(
    private readonly output: Writable,
    private readonly onAdvanced: (nextIndex: number) => void,
  ) {
    output.on('error', this.onError);
  }

  /** Resolves when the chunk and all before it are written. */
  write(chunk: VerifiedChunk, { signal }: { signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted();
    return new Promise<void>((resolve, reject) => {
      if (this.failure !== undefined) {
        reject(this.failure);
        return;
      }
      this.early.set(chunk.chunkIndex, { chunk, resolve, reject });
      if (!this.isWriting) void this.drain();
    });
  }

  /** The stream is its owner's again; one that has failed may still say so, and nobody else hears. */
  [Symbol.dispose](): void {
    if (this.failure === undefined) this.output.off('error', this.onError);
  }

  /** Gives up the chunks that wait for an earlier one. */
  fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.early.values()) reject(this.failure);
    this.early.clear();
  }

  private async drain(): Promise<void> {
    this.isWriting = true;
    let entry;
    while ((entry = this.early.get(toChunkIndex(this.nextIndex))) !== undefined) {
      const { chunk, resolve } = entry;
      try {
        await this.writeOut(chunk);
      } catch (error) {
        this.onError(error as Error);
        break;
      }
      this.early.delete(chunk.chunkIndex);
      this.nextIndex += 1;
      resolve();
      this.onAdvanced(this.nextIndex);
    }
    this.isWriting = false;
  }

  private writeOut({ bytes }: VerifiedChunk): Promise<void> {
    return new Promise((resolve, reject) => {
      this.output.write(bytes, (error) => {
        if (error == null) resolve();
        else reject(error);
      });
    });
  }

  private readonly onError = (cause: Error): void => {
    const message = `cannot write to the output: ${cause.message}`;
    this.fail(new TransferError('DISK_FAILED', message, { cause }));
  };
}
