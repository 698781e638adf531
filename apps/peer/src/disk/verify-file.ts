import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { hashBytes, toChunkIndex, type ChunkIndex, type Manifest } from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import { readChunks } from './chunk-stream.js';
import { onDisk } from './disk-error.js';

export interface FileVerification {
  /** In order; chunks beyond the file's end are among them. */
  readonly badChunks: readonly ChunkIndex[];
  /** The file's length now. */
  readonly sizeBytes: number;
  /** A file may hold every chunk and still be too long. */
  readonly sizeMatches: boolean;
}

/** Checks a file against a manifest, chunk by chunk, in bounded memory. `onProgress` is told how
 *  many bytes have been read. Throws TransferError PATH_NOT_FOUND, USAGE for anything but a regular
 *  file, DISK_PERMISSION or DISK_FAILED. */
export async function verifyFile(
  path: string,
  manifest: Manifest,
  options: { signal: AbortSignal; onProgress?: (checkedBytes: number) => void },
): Promise<FileVerification> {
  options.signal.throwIfAborted();
  return onDisk({ path, verb: 'read', missing: 'PATH_NOT_FOUND' }, async () => {
    await assertVerifiable(path);
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const badChunks = await findBadChunks({ handle, path, manifest }, options);
      const sizeBytes = (await handle.stat()).size;
      return { badChunks, sizeBytes, sizeMatches: sizeBytes === manifest.sizeBytes };
    } finally {
      await handle.close();
    }
  });
}

/** Throws TransferError PATH_NOT_FOUND, USAGE for anything but a regular file, or a disk's. */
export async function assertVerifiable(path: string): Promise<void> {
  const stats = await onDisk({ path, verb: 'read', missing: 'PATH_NOT_FOUND' }, () => stat(path));
  if (!stats.isFile()) throw new TransferError('USAGE', `${path} is not a regular file`);
}

async function findBadChunks(
  file: { handle: FileHandle; path: string; manifest: Manifest },
  options: { signal: AbortSignal; onProgress?: (checkedBytes: number) => void },
): Promise<ChunkIndex[]> {
  const { layout } = file.manifest;
  const badChunks: ChunkIndex[] = [];
  let checkedCount = 0;
  let checkedBytes = 0;
  for await (const { chunkIndex, bytes } of readChunks({ ...file, layout }, options)) {
    const hash = file.manifest.chunkHash(chunkIndex);
    if (Buffer.compare(hashBytes(bytes), hash) !== 0) badChunks.push(chunkIndex);
    checkedCount += 1;
    checkedBytes += bytes.length;
    options.onProgress?.(checkedBytes);
  }
  for (let index = checkedCount; index < layout.chunkCount; index += 1) {
    badChunks.push(toChunkIndex(index));
  }
  return badChunks;
}
