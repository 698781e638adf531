import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import {
  ProtocolError,
  verifyChunk,
  type ChunkIndex,
  type Manifest,
  type VerifiedChunk,
} from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import { readFully } from './chunk-stream.js';
import { onDisk } from './disk-error.js';
import { stampOf, type FileStamp } from './file-stamp.js';

/** Where the chunks of one file are kept while it is being downloaded. */
export interface ChunkStore {
  /** Reads into `buffer` when given (at least the chunk's length), else into a new one. Throws
   *  TransferError SOURCE_CHANGED when what is stored is not the chunk. */
  read(
    chunkIndex: ChunkIndex,
    buffer: Buffer | undefined,
    options: { signal: AbortSignal },
  ): Promise<VerifiedChunk>;
  /** Throws TransferError DISK_FULL, DISK_PERMISSION or DISK_FAILED. */
  write(chunk: VerifiedChunk, options: { signal: AbortSignal }): Promise<void>;
  /** What was written before the call survives a power cut after it. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

// Never through a symbolic link: it could lead out of the output folder.
const OPEN_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

/** Chunks in a file of their own, each at its place. The caller ends all reads and writes before
 *  it closes the store. */
export class FileChunkStore implements ChunkStore {
  private closed: Promise<void> | undefined;

  private constructor(
    private readonly path: string,
    private readonly manifest: Manifest,
    private readonly handle: FileHandle,
  ) {}

  /** Creates the file when it is missing. Its length is the caller's to set. */
  static async open(path: string, manifest: Manifest): Promise<FileChunkStore> {
    const context = { path, verb: 'open', missing: 'TARGET_FOLDER_MISSING' } as const;
    const handle = await onDisk(context, () => open(path, OPEN_FLAGS));
    return new FileChunkStore(path, manifest, handle);
  }

  async read(
    chunkIndex: ChunkIndex,
    buffer: Buffer | undefined,
    { signal }: { signal: AbortSignal },
  ): Promise<VerifiedChunk> {
    signal.throwIfAborted();
    const lengthBytes = this.manifest.layout.lengthBytes(chunkIndex);
    const target = (buffer ?? Buffer.allocUnsafe(lengthBytes)).subarray(0, lengthBytes);
    const offsetBytes = this.manifest.layout.offsetBytes(chunkIndex);
    const bytes = await onDisk({ path: this.path, verb: 'read' }, () =>
      readFully(this.handle, target, offsetBytes),
    );
    try {
      return verifyChunk(this.manifest, chunkIndex, bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const message = `${this.path} does not hold chunk ${chunkIndex}`;
      throw new TransferError('SOURCE_CHANGED', message, { cause: error });
    }
  }

  async write(chunk: VerifiedChunk, { signal }: { signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted();
    const { bytes, chunkIndex } = chunk;
    const offsetBytes = this.manifest.layout.offsetBytes(chunkIndex);
    await onDisk({ path: this.path, verb: 'write' }, async () => {
      for (let done = 0; done < bytes.length;) {
        const left = bytes.length - done;
        const { bytesWritten } = await this.handle.write(bytes, done, left, offsetBytes + done);
        done += bytesWritten;
      }
    });
  }

  /** Flushes the data, and of the metadata what finding the data again takes. */
  sync(): Promise<void> {
    return onDisk({ path: this.path, verb: 'sync' }, () => this.handle.datasync());
  }

  /** Flushes the metadata as well, so that the stamp survives, too. */
  async syncAll(): Promise<FileStamp> {
    await onDisk({ path: this.path, verb: 'sync' }, () => this.handle.sync());
    return this.stamp();
  }

  async stamp(): Promise<FileStamp> {
    const context = { path: this.path, verb: 'look at' };
    return stampOf(await onDisk(context, () => this.handle.stat({ bigint: true })));
  }

  /** Makes the file `sizeBytes` long: what it grows by takes no space and reads as zeros. */
  async resize(sizeBytes: number): Promise<void> {
    await onDisk({ path: this.path, verb: 'resize' }, () => this.handle.truncate(sizeBytes));
  }

  close(): Promise<void> {
    this.closed ??= onDisk({ path: this.path, verb: 'close' }, () => this.handle.close());
    return this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
