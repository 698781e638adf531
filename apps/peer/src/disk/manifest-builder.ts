import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  statSync,
  type BigIntStats,
} from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import {
  ChunkLayout,
  HASH_BYTES,
  hashBytes,
  Manifest,
  MIN_CHUNK_BYTES,
  ProtocolError,
} from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import { readChunks } from './chunk-stream.js';
import { diskError, onDisk } from './disk-error.js';
import { sameStamp, stampOf, stateOf, type FileStamp } from './file-stamp.js';

/** Files read and hashed in one go before the event loop gets a turn. */
const SMALL_FILES_PER_TURN = 64;
/** A pipe that takes the file's place just before it is opened must not make us wait. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

export interface BuiltManifest {
  readonly manifest: Manifest;
  /** The file as it was while it was hashed. */
  readonly stamp: FileStamp;
}

interface BuildOptions {
  readonly signal: AbortSignal;
  /** Is told how many bytes of the file are hashed, after every chunk. */
  readonly onProgress?: (hashedBytes: number) => void;
}

/** Hashes a regular file in bounded memory. Throws TransferError SOURCE_CHANGED when it changes
 *  meanwhile, USAGE for anything but a regular file, PATH_NOT_FOUND, DISK_PERMISSION and
 *  FILE_TOO_LARGE. */
export async function buildManifest(path: string, options: BuildOptions): Promise<BuiltManifest> {
  options.signal.throwIfAborted();
  const context = { path, verb: 'read', missing: 'PATH_NOT_FOUND' } as const;
  return onDisk(context, async () => {
    assertRegularFile(path, await stat(path, { bigint: true }));
    const handle = await open(path, OPEN_FLAGS);
    try {
      return await hashOpenFile({ handle, path }, options);
    } finally {
      await handle.close();
    }
  });
}

/** Manifests of many files, in order. Small ones are read synchronously, since a trip to another
 *  thread for each step would take far longer than the work; the event loop gets its turns. */
export async function* buildManifests<T extends { readonly path: string }>(
  files: Iterable<T>,
  options: BuildOptions,
): AsyncGenerator<BuiltManifest & { readonly file: T }, void, void> {
  const buffer = Buffer.allocUnsafe(MIN_CHUNK_BYTES);
  let smallFilesInTurn = 0;
  for (const file of files) {
    const small = buildSmallManifest(file.path, buffer);
    yield { file, ...(small ?? (await buildManifest(file.path, options))) };
    smallFilesInTurn = small === undefined ? 0 : smallFilesInTurn + 1;
    if (smallFilesInTurn < SMALL_FILES_PER_TURN) continue;
    smallFilesInTurn = 0;
    await setImmediate();
    options.signal.throwIfAborted();
  }
}

/** Hashes a file of at most one chunk, synchronously, through `buffer` (MIN_CHUNK_BYTES long);
 *  undefined for a longer one. Throws as {@link buildManifest} does. */
export function buildSmallManifest(path: string, buffer: Buffer): BuiltManifest | undefined {
  let fd: number | undefined;
  try {
    const before = statSync(path, { bigint: true });
    assertRegularFile(path, before);
    if (before.size > MIN_CHUNK_BYTES) return undefined;
    fd = openSync(path, OPEN_FLAGS);
    const sizeBytes = Number(before.size);
    // Of an empty file one byte is tried: some kernel files have content but no size.
    const readBytes = readSync(fd, buffer, 0, Math.max(sizeBytes, 1), 0);
    if (sizeBytes === 0 && readBytes > 0) throw sizeUnknown(path);
    const stamp = stampOf(before);
    if (readBytes < sizeBytes || !sameStamp(stamp, stampOf(fstatSync(fd, { bigint: true })))) {
      throw changedWhileHashed(path);
    }
    const hashes = sizeBytes === 0 ? new Uint8Array(0) : hashBytes(buffer.subarray(0, sizeBytes));
    return { manifest: Manifest.fromHashes({ sizeBytes, hashes }), stamp };
  } catch (error) {
    throw diskError(error, { path, verb: 'read', missing: 'PATH_NOT_FOUND' });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

async function hashOpenFile(
  file: { handle: FileHandle; path: string },
  options: BuildOptions,
): Promise<BuiltManifest> {
  const stats = await file.handle.stat({ bigint: true });
  assertRegularFile(file.path, stats);
  const stamp = stampOf(stats);
  const layout = layoutOf(file.path, stamp.sizeBytes);
  const hashes = new Uint8Array(layout.chunkCount * HASH_BYTES);
  let hashedBytes = 0;
  for await (const { chunkIndex, bytes } of readChunks({ ...file, layout }, options)) {
    hashes.set(hashBytes(bytes), chunkIndex * HASH_BYTES);
    hashedBytes += bytes.length;
    options.onProgress?.(hashedBytes);
  }
  const opened = stampOf(await file.handle.stat({ bigint: true }));
  const isInPlace = stateOf(file.path, stamp) === 'unchanged';
  if (hashedBytes < stamp.sizeBytes || !sameStamp(stamp, opened) || !isInPlace) {
    throw changedWhileHashed(file.path);
  }
  return { manifest: Manifest.fromHashes({ sizeBytes: stamp.sizeBytes, hashes }), stamp };
}

function layoutOf(path: string, sizeBytes: number): ChunkLayout {
  try {
    return ChunkLayout.forSize(sizeBytes);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new TransferError('FILE_TOO_LARGE', `${path} is too large: ${sizeBytes} bytes`, {
      cause: error,
    });
  }
}

function assertRegularFile(path: string, stats: BigIntStats): void {
  if (stats.isFile()) return;
  const kind = stats.isDirectory() ? 'a folder' : 'a device, pipe or socket';
  throw new TransferError('USAGE', `${path} is ${kind}, not a regular file`);
}

function sizeUnknown(path: string): TransferError {
  return new TransferError('USAGE', `${path} has content but says that it is empty`);
}

function changedWhileHashed(path: string): TransferError {
  return new TransferError('SOURCE_CHANGED', `${path} changed while it was being hashed`);
}
