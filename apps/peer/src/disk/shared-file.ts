import { closeSync, constants, openSync, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { ProtocolError, type ChunkIndex, type Manifest, type VerifiedChunk } from '#protocol';
import { runLengthBytes, verifyRun, type ChunkRun } from '../core/chunk-run.js';
import { TransferError } from '../core/transfer-error.js';
import { readFully } from './chunk-stream.js';
import { diskError, onDisk } from './disk-error.js';
import { stateOf, type FileStamp } from './file-stamp.js';
import type { HandleCache } from './handle-cache.js';

/** Up to here a file is read synchronously: two trips to another thread would take longer. */
const MAX_SYNC_READ_BYTES = 64 * 1024;
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** A complete file of ours that others may read. Every read is checked against the manifest, so
 *  what the file has become since is never served. */
export class SharedFile {
  private isClosed = false;

  private constructor(
    readonly path: string,
    readonly manifest: Manifest,
    private readonly stamp: FileStamp,
    private readonly handles: HandleCache,
  ) {}

  /** `stamp` is the file's when the manifest was made. Opens nothing yet. Throws TransferError
   *  SOURCE_CHANGED when the file is gone or not the same any more. */
  static async open(
    path: string,
    manifest: Manifest,
    stamp: FileStamp,
    handles: HandleCache,
  ): Promise<SharedFile> {
    const file = new SharedFile(path, manifest, stamp, handles);
    if ((await file.checkUnchanged()) === 'changed') throw file.changed();
    return file;
  }

  /** Reads into `buffer` when given (at least the chunk's length), else into a new one. Throws
   *  TransferError SOURCE_CHANGED when the file no longer holds the chunk. */
  async read(
    chunkIndex: ChunkIndex,
    buffer: Buffer | undefined,
    options: { signal: AbortSignal },
  ): Promise<VerifiedChunk> {
    const run = { firstIndex: chunkIndex, count: 1 };
    const lengthBytes = this.manifest.layout.lengthBytes(chunkIndex);
    const [chunk] = await this.readRun(run, buffer ?? Buffer.allocUnsafe(lengthBytes), options);
    return chunk!;
  }

  /** As {@link read}, for chunks that follow one another. */
  async readRun(
    run: ChunkRun,
    buffer: Buffer,
    { signal }: { signal: AbortSignal },
  ): Promise<readonly VerifiedChunk[]> {
    signal.throwIfAborted();
    if (this.isClosed) throw new Error(`${this.path} is closed`);
    const { layout, sizeBytes } = this.manifest;
    const target = buffer.subarray(0, runLengthBytes(layout, run));
    const bytes =
      sizeBytes <= MAX_SYNC_READ_BYTES
        ? this.readSmall(target)
        : await this.readAt(target, layout.offsetBytes(run.firstIndex));
    try {
      return verifyRun(this.manifest, run, bytes);
    } catch (error) {
      throw error instanceof ProtocolError ? this.changed(error) : error;
    }
  }

  /** Compares size, modification time and inode; a file that is gone has changed. */
  checkUnchanged(): Promise<'unchanged' | 'changed'> {
    return Promise.resolve(stateOf(this.path, this.stamp));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.handles.forget(this.cacheKey);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private get cacheKey(): string {
    return `${this.stamp.inode} ${this.path}`;
  }

  private readAt(target: Buffer, offsetBytes: number): Promise<Buffer> {
    return onDisk(this.context(), () =>
      this.handles.use(
        this.cacheKey,
        () => this.openUnchanged(),
        (handle) => readFully(handle, target, offsetBytes),
      ),
    );
  }

  private readSmall(target: Buffer): Buffer {
    let fd: number | undefined;
    try {
      if (stateOf(this.path, this.stamp) === 'changed') throw this.changed();
      fd = openSync(this.path, OPEN_FLAGS);
      return target.subarray(0, readSync(fd, target, 0, target.length, 0));
    } catch (error) {
      throw diskError(error, this.context());
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  private openUnchanged(): Promise<FileHandle> {
    if (stateOf(this.path, this.stamp) === 'changed') throw this.changed();
    return open(this.path, OPEN_FLAGS);
  }

  private context() {
    return { path: this.path, verb: 'read', missing: 'SOURCE_CHANGED' } as const;
  }

  private changed(cause?: unknown): TransferError {
    return new TransferError('SOURCE_CHANGED', `${this.path} changed since it was shared`, {
      cause,
    });
  }
}
