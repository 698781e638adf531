/** Free buffers of a size are kept up to this many bytes in all. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;

/** From here on a buffer has pages of its own. */
const MIN_PAGED_BYTES = 64 * 1024;

/** Hands out buffers for whole chunks and takes them back: chunks of one file are of one size, so
 *  a transfer runs on a handful of buffers instead of leaving each to the garbage collector. Those
 *  of 64 KiB or more begin at a page: the disk takes them without a copy. */
export class ChunkBuffers {
  private readonly free = new Map<number, Buffer[]>();
  private keptBytes = 0;

  /** The contents are undefined. */
  take(lengthBytes: number): Buffer {
    const buffer = this.free.get(lengthBytes)?.pop();
    if (buffer === undefined) return newBuffer(lengthBytes);
    this.keptBytes -= lengthBytes;
    return buffer;
  }

  /** The caller must not touch the buffer afterwards. */
  give(buffer: Buffer): void {
    if (this.keptBytes + buffer.length > MAX_KEPT_BYTES) return;
    this.keptBytes += buffer.length;
    const list = this.free.get(buffer.length);
    if (list === undefined) this.free.set(buffer.length, [buffer]);
    else list.push(buffer);
  }
}

/** Memory that may be resized is mapped for itself, and so begins at a page. */
function newBuffer(lengthBytes: number): Buffer {
  if (lengthBytes < MIN_PAGED_BYTES) return Buffer.allocUnsafeSlow(lengthBytes);
  return Buffer.from(new ArrayBuffer(lengthBytes, { maxByteLength: lengthBytes }), 0, lengthBytes);
}
