/** From here on a buffer has pages of its own. */
const MIN_PAGED_BYTES = 64 * 1024;

/** Hands out buffers for whole chunks and takes them back: chunks of one file are of one size, so
 *  a transfer runs on a handful of buffers instead of leaving each to the garbage collector. Those
 *  of 64 KiB or more begin at a page: the disk takes them without a copy. Free buffers are kept as
 *  long as they and those in use are no more than `maxBytes`. */
export class ChunkBuffers {
  private readonly free = new Map<number, Buffer[]>();
  private keptBytes = 0;
  private usedBytes = 0;

  constructor(private readonly options: { maxBytes: number }) {}

  /** The contents are undefined. */
  take(lengthBytes: number): Buffer {
    this.usedBytes += lengthBytes;
    const kept = this.takeKept(lengthBytes);
    if (kept !== undefined) return kept;
    this.letGo();
    return newBuffer(lengthBytes);
  }

  /** The caller must not touch the buffer afterwards. */
  give(buffer: Buffer): void {
    this.usedBytes -= buffer.length;
    this.keptBytes += buffer.length;
    const list = this.free.get(buffer.length);
    if (list === undefined) this.free.set(buffer.length, [buffer]);
    else list.push(buffer);
    this.letGo();
  }

  /** Drops free buffers until what is left may stay: first those of the size that is free longest. */
  private letGo(): void {
    for (const lengthBytes of this.free.keys()) {
      while (this.usedBytes + this.keptBytes > this.options.maxBytes) {
        if (this.takeKept(lengthBytes) === undefined) break;
      }
      if (this.usedBytes + this.keptBytes <= this.options.maxBytes) return;
    }
  }

  private takeKept(lengthBytes: number): Buffer | undefined {
    const list = this.free.get(lengthBytes);
    if (list === undefined) return undefined;
    const buffer = list.pop()!;
    if (list.length === 0) this.free.delete(lengthBytes);
    this.keptBytes -= lengthBytes;
    return buffer;
  }
}

/** Memory that may be resized is mapped for itself, and so begins at a page. */
function newBuffer(lengthBytes: number): Buffer {
  if (lengthBytes < MIN_PAGED_BYTES) return Buffer.allocUnsafeSlow(lengthBytes);
  return Buffer.from(new ArrayBuffer(lengthBytes, { maxByteLength: lengthBytes }), 0, lengthBytes);
}
