import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { ChunkWriter } from './chunk-writer.js';
import { hasErrno } from './disk-error.js';

/** Writes under way at a time: the disk is never without work, and other files find threads. */
const MAX_CALL_COUNT = 3;

/** What such writes begin and end at: a multiple of the sectors that are common. */
export const PAGE_BYTES = 4096;

/**
 * Writes to an open file past the system's cache (`O_DIRECT`), straight from memory to the disk: no
 * copy, no pages that push out those of others. Linux only, and not every file system takes such
 * writes; where they are not taken all goes through the cache, as ever.
 */
export class UncachedWriter {
  private file: FileHandle | undefined;
  /** Of nothing, once it is clear that such writes are refused. */
  private opening: Promise<ChunkWriter | undefined> | undefined;

  constructor(private readonly handle: FileHandle) {}

  /** False when these bytes have to go through the cache: when they are no whole pages, when their
   *  memory does not begin at a page, or once the system has refused. Until this resolves they stay
   *  as they are. Rejects with the system's error. */
  async tryWrite(bytes: Uint8Array, offsetBytes: number): Promise<boolean> {
    if (!isWholePages(bytes.length) || !isWholePages(offsetBytes)) return false;
    const writer = await (this.opening ??= this.open());
    if (writer === undefined) return false;
    try {
      await writer.write(bytes, offsetBytes);
      return true;
    } catch (error) {
      if (!hasErrno(error, 'EINVAL')) throw error;
      this.opening = Promise.resolve(undefined);
      return false;
    }
  }

  /** When no write is under way. May be called twice. */
  async close(): Promise<void> {
    await this.opening;
    this.opening = Promise.resolve(undefined);
    const { file } = this;
    this.file = undefined;
    await file?.close();
  }

  /** The very file that is open, whatever its path leads to by now. */
  private async open(): Promise<ChunkWriter | undefined> {
    if (process.platform !== 'linux') return undefined;
    try {
      const path = `/proc/self/fd/${this.handle.fd}`;
      this.file = await open(path, constants.O_WRONLY | constants.O_DIRECT);
      return new ChunkWriter(this.file, { maxCallCount: MAX_CALL_COUNT });
    } catch {
      return undefined;
    }
  }
}

function isWholePages(bytes: number): boolean {
  return bytes % PAGE_BYTES === 0;
}
