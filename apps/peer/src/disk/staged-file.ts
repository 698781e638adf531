import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { ProtocolError, type Manifest, type VerifiedChunk } from '#protocol';
import { runLengthBytes, verifyRun, type ChunkRun } from '../core/chunk-run.js';
import { TransferError } from '../core/transfer-error.js';
import { onDiskSync } from './disk-error.js';
import { renameExclusively } from './exclusive-rename.js';
import { stampOf, type FileStamp } from './file-stamp.js';

const { O_WRONLY, O_CREAT, O_EXCL, O_RDONLY, O_NOFOLLOW } = constants;

/** A small file on its way to its name: written in one go and whole from then on. All calls are
 *  synchronous: a trip to another thread takes many times as long as each of them. */
export class StagedFile {
  private stamp_: FileStamp | undefined;

  constructor(
    private path: string,
    readonly manifest: Manifest,
  ) {}

  /** As it was written; a new name does not change it. */
  get stamp(): FileStamp {
    if (this.stamp_ === undefined) throw new Error(`${this.path} is not written yet`);
    return this.stamp_;
  }

  get currentPath(): string {
    return this.path;
  }

  /** Rejects with TransferError DISK_FULL, DISK_PERMISSION or DISK_FAILED. */
  write(chunk: VerifiedChunk, { signal }: { signal: AbortSignal }): Promise<void> {
    return Promise.resolve().then(() => {
      signal.throwIfAborted();
      this.create(chunk.bytes);
    });
  }

  /** With all of its bytes; none for an empty file. */
  create(bytes: Uint8Array): void {
    onDiskSync({ path: this.path, verb: 'write' }, () => {
      const fd = openSync(this.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666);
      try {
        for (let done = 0; done < bytes.length;) {
          done += writeSync(fd, bytes, done, bytes.length - done, done);
        }
        this.stamp_ = stampOf(fstatSync(fd, { bigint: true }));
      } finally {
        closeSync(fd);
      }
    });
  }

  /** The only chunk, for others. Throws TransferError SOURCE_CHANGED when it is not there. */
  readRun(
    run: ChunkRun,
    buffer: Buffer,
    { signal }: { signal: AbortSignal },
  ): Promise<readonly VerifiedChunk[]> {
    return Promise.resolve().then(() => {
      signal.throwIfAborted();
      return this.read(run, buffer);
    });
  }

  /** Gives it its name: never over a file that is there, unless that is to be replaced. Throws
   *  TransferError TARGET_EXISTS, or a disk's. */
  place(outputPath: string, existingFile: 'refuse' | 'replace'): void {
    onDiskSync({ path: outputPath, verb: 'create' }, () => {
      const move = existingFile === 'replace' ? renameSync : renameExclusively;
      move(this.path, outputPath);
    });
    this.path = outputPath;
  }

  private read(run: ChunkRun, buffer: Buffer): readonly VerifiedChunk[] {
    const { manifest, path } = this;
    const target = buffer.subarray(0, runLengthBytes(manifest.layout, run));
    const bytes = onDiskSync({ path, verb: 'read', missing: 'SOURCE_CHANGED' }, () => {
      const fd = openSync(path, O_RDONLY | O_NOFOLLOW);
      try {
        return target.subarray(0, readSync(fd, target, 0, target.length, 0));
      } finally {
        closeSync(fd);
      }
    });
    try {
      return verifyRun(manifest, run, bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw new TransferError('SOURCE_CHANGED', `${path} has changed`, { cause: error });
    }
  }
}
