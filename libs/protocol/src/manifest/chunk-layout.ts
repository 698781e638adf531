import { ProtocolError } from '../errors.js';
import type { ChunkIndex } from '../ids.js';
import { MAX_CHUNK_BYTES, MAX_FILE_BYTES, MIN_CHUNK_BYTES, TARGET_CHUNK_COUNT } from '../limits.js';

/** Where each chunk of a file lies. All chunks are `chunkBytes` long but the last, which may be
 *  shorter and is never empty; a file of 0 bytes has no chunk. */
export class ChunkLayout {
  readonly chunkCount: number;

  private constructor(
    readonly sizeBytes: number,
    readonly chunkBytes: number,
  ) {
    this.chunkCount = Math.ceil(sizeBytes / chunkBytes);
  }

  /** Chunking id 1: the smallest power of two from 256 KiB to 8 MiB that gives at most 8,192
   *  chunks. Throws ProtocolError FILE_TOO_LARGE above 8 TiB. */
  static forSize(sizeBytes: number): ChunkLayout {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
      throw new ProtocolError('INVALID_MANIFEST', { sizeBytes });
    }
    if (sizeBytes > MAX_FILE_BYTES) {
      throw new ProtocolError('FILE_TOO_LARGE', { sizeBytes, maxFileBytes: MAX_FILE_BYTES });
    }
    let chunkBytes = MIN_CHUNK_BYTES;
    while (chunkBytes < MAX_CHUNK_BYTES && sizeBytes > chunkBytes * TARGET_CHUNK_COUNT) {
      chunkBytes *= 2;
    }
    return new ChunkLayout(sizeBytes, chunkBytes);
  }

  offsetBytes(index: ChunkIndex): number {
    return index * this.chunkBytes;
  }

  /** Length of one chunk. Throws ProtocolError OUT_OF_RANGE when the file has no such chunk. */
  lengthBytes(index: ChunkIndex): number {
    if (!(index >= 0 && index < this.chunkCount)) {
      throw new ProtocolError('OUT_OF_RANGE', { chunkIndex: index, chunkCount: this.chunkCount });
    }
    return Math.min(this.chunkBytes, this.sizeBytes - index * this.chunkBytes);
  }
}
