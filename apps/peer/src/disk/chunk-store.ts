import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { ProtocolError, type ChunkIndex, type Manifest, type VerifiedChunk } from '#protocol';
import { runLengthBytes, verifyRun, type ChunkRun } from '../core/chunk-run.js';
import { TransferError } from '../core/transfer-error.js';
import { readFully } from './chunk-stream.js';
import { ChunkWriter } from './chunk-writer.js';
import { onDisk } from './disk-error.js';
import { stampOf, type FileStamp } from './file-stamp.js';
import { UncachedWriter } from './uncached-writer.js';
import { WriteBack } from './write-back.js';

/** Whether chunks stay in the system's cache once they are written: `keep` those that others will
 *  ask for soon, `skip` where nobody will. */
export type Caching = 'keep' | 'skip';

/** Where the chunks of one file are kept while it is being downloaded. */
export interface ChunkStore {
  /** Reads into `buffer` when given (at least the chunk's length), else into a new one. Throws
   *  TransferError SOURCE_CHANGED when what is stored is not the chunk. */
  read(
    chunkIndex: ChunkIndex,
    buffer: Buffer | undefined,
    options: { signal: AbortSignal },
  ): Promise<VerifiedChunk>;
  /** As {@link read}, for chunks that follow one another. */
  readRun(
    run: ChunkRun,
    buffer: Buffer,
    options: { signal: AbortSignal },
  ): Promise<readonly VerifiedChunk[]>;
  /** Throws TransferError DISK_FULL, DISK_PERMISSION or DISK_FAILED. */
  write(chunk: VerifiedChunk, options: { signal: AbortSignal; caching?: Caching }): Promise<void>;
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
  private readonly writer: ChunkWriter;
  private readonly uncached: UncachedWriter;
  private readonly writeBack: WriteBack;

  private constructor(
    private readonly path: string,
    private readonly manifest: Manifest,
    private readonly handle: FileHandle,
  ) {
    this.writer = new ChunkWriter(handle, { maxCallCount: 1 });
    this.uncached = new UncachedWriter(handle);
    this.writeBack = new WriteBack(handle);
  }

  /** Creates the file when it is missing. Its length is the caller's to set. */
  static async open(path: string, manifest: Manifest): Promise<FileChunkStore> {
    const context = { path, verb: 'open', missing: 'TARGET_FOLDER_MISSING' } as const;
    const handle = await onDisk(context, () => open(path, OPEN_FLAGS));
    return new FileChunkStore(path, manifest, handle);
  }

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

  async readRun(
    run: ChunkRun,
    buffer: Buffer,
    { signal }: { signal: AbortSignal },
  ): Promise<readonly VerifiedChunk[]> {
    signal.throwIfAborted();
    const { layout } = this.manifest;
    const target = buffer.subarray(0, runLengthBytes(layout, run));
    const bytes = await onDisk({ path: this.path, verb: 'read' }, () =>
      readFully(this.handle, target, layout.offsetBytes(run.firstIndex)),
    );
    try {
      return verifyRun(this.manifest, run, bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const { chunkIndex } = error.details as { chunkIndex: number };
      const message = `${this.path} does not hold chunk ${chunkIndex}`;
      throw new TransferError('SOURCE_CHANGED', message, { cause: error });
    }
  }

  async write(
    { chunkIndex, bytes }: VerifiedChunk,
    { signal, caching = 'keep' }: { signal: AbortSignal; caching?: Caching },
  ): Promise<void> {
    signal.throwIfAborted();
    const offsetBytes = this.manifest.layout.offsetBytes(chunkIndex);
    await onDisk({ path: this.path, verb: 'write' }, async () => {
      if (caching === 'skip' && (await this.uncached.tryWrite(bytes, offsetBytes))) return;
      await this.writer.write(bytes, offsetBytes);
      this.writeBack.wrote(bytes.length);
    });
  }

  /** Flushes the data, and of the metadata what finding the data again takes. */
  sync(): Promise<void> {
    return onDisk({ path: this.path, verb: 'sync' }, async () => {
      await this.writeBack.settle();
      await this.handle.datasync();
    });
  }

  /** Flushes the metadata as well, so that the stamp survives, too. */
  async syncAll(): Promise<FileStamp> {
    await onDisk({ path: this.path, verb: 'sync' }, async () => {
      await this.writeBack.settle();
      await this.handle.sync();
    });
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
    this.closed ??= onDisk({ path: this.path, verb: 'close' }, async () => {
      // Whoever wants to hear of a failed flush has synced before.
      await this.writeBack.settle().catch(() => undefined);
      await this.uncached.close().catch(() => undefined);
      await this.handle.close();
    });
    return this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
