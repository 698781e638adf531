import type { FileHandle } from 'node:fs/promises';

/** Bytes of one call at most: more would only make what comes next wait longer. */
const MAX_CALL_BYTES = 4 * 1024 * 1024;

interface WaitingWrite {
  readonly bytes: Uint8Array;
  readonly offsetBytes: number;
  readonly settle: (error?: Error) => void;
}

/**
 * Writes to one file, `maxCallCount` calls at a time: each costs a trip to another thread, and what
 * arrives meanwhile goes together in the next, neighbours in one call.
 */
export class ChunkWriter {
  private waiting: WaitingWrite[] = [];
  private callCount = 0;

  constructor(
    private readonly handle: FileHandle,
    private readonly options: { maxCallCount: number },
  ) {}

  /** Resolves when all of the bytes are written; until then they must stay as they are. Rejects
   *  with the system's error. */
  write(bytes: Uint8Array, offsetBytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => (error === undefined ? resolve() : reject(error));
      this.waiting.push({ bytes, offsetBytes, settle });
      if (this.callCount < this.options.maxCallCount) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.callCount += 1;
    await Promise.resolve(); // what is written in the same turn goes together
    let oldest;
    while ((oldest = this.waiting[0]) !== undefined) {
      const together = new Set(neighboursOf(this.waiting, oldest));
      this.waiting = this.waiting.filter((write) => !together.has(write));
      await this.writeTogether([...together]);
    }
    this.callCount -= 1;
  }

  private async writeTogether(neighbours: readonly WaitingWrite[]): Promise<void> {
    let failure: Error | undefined;
    try {
      await this.writeFully(
        neighbours.map(({ bytes }) => bytes),
        neighbours[0]!.offsetBytes,
      );
    } catch (error) {
      failure = error as Error;
    }
    for (const { settle } of neighbours) settle(failure);
  }

  private async writeFully(buffers: readonly Uint8Array[], offsetBytes: number): Promise<void> {
    let left = buffers;
    let offset = offsetBytes;
    while (left.length > 0) {
      const { bytesWritten } =
        left.length === 1
          ? await this.handle.write(left[0]!, 0, left[0]!.length, offset)
          : await this.handle.writev(left, offset);
      offset += bytesWritten;
      left = withoutFirst(left, bytesWritten);
    }
  }
}

/** The write and those beside it, in the order of the file, as far as one call goes. */
function neighboursOf(writes: readonly WaitingWrite[], wanted: WaitingWrite): WaitingWrite[] {
  const sorted = writes.toSorted((a, b) => a.offsetBytes - b.offsetBytes);
  let run: WaitingWrite[] = [];
  let runBytes = 0;
  let endBytes = 0;
  for (const write of sorted) {
    const { bytes, offsetBytes } = write;
    if (run.length > 0 && (offsetBytes !== endBytes || runBytes + bytes.length > MAX_CALL_BYTES)) {
      if (run.includes(wanted)) return run;
      run = [];
      runBytes = 0;
    }
    run.push(write);
    runBytes += bytes.length;
    endBytes = offsetBytes + bytes.length;
  }
  return run;
}

/** What is left of the buffers after their first `bytes`. */
function withoutFirst(buffers: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skipped = 0;
  for (const [index, buffer] of buffers.entries()) {
    if (skipped + buffer.length > bytes) {
      const partly = bytes - skipped;
      return [buffer.subarray(partly), ...buffers.slice(index + 1)];
    }
    skipped += buffer.length;
  }
  return [];
}
