import type { FileHandle } from 'node:fs/promises';
import { toChunkIndex, type ChunkIndex, type ChunkLayout } from '#protocol';
import { onDisk } from './disk-error.js';

/** Bytes asked of the disk at a time, unless a single chunk is longer. */
const READ_BYTES = 1024 * 1024;

/** A view of a reused buffer: valid until the next one is asked for. Shorter than the layout says
 *  where the file ends early, and then it is the last. */
export interface ReadChunk {
  readonly chunkIndex: ChunkIndex;
  readonly bytes: Buffer;
}

/** Reads a file front to back, chunk by chunk, through two reused buffers of 1 to 8 MiB: the next
 *  one fills while the caller works on the other. Throws TransferError on disk errors. */
export async function* readChunks(
  source: { handle: FileHandle; path: string; layout: ChunkLayout },
  { signal }: { signal: AbortSignal },
): AsyncGenerator<ReadChunk, void, void> {
  const { sizeBytes, chunkBytes } = source.layout;
  if (sizeBytes === 0) return;
  const bufferBytes = Math.min(sizeBytes, Math.max(READ_BYTES, chunkBytes));
  let filling = Buffer.allocUnsafe(bufferBytes);
  let spare = bufferBytes < sizeBytes ? Buffer.allocUnsafe(bufferBytes) : filling;
  let pending = fill(source, filling, 0);
  for (let offset = 0; offset < sizeBytes; offset += bufferBytes) {
    const bytes = await pending;
    signal.throwIfAborted();
    const nextOffset = offset + bufferBytes;
    const endsHere = nextOffset >= sizeBytes || bytes.length < bufferBytes;
    if (!endsHere) {
      [filling, spare] = [spare, filling];
      pending = fill(source, filling, nextOffset);
      // Awaited in the next round; if the caller stops before, nobody is left to be told.
      pending.catch(() => undefined);
    }
    yield* chunksOf(bytes, { firstOffset: offset, chunkBytes });
    if (endsHere) return;
  }
}

function* chunksOf(
  bytes: Buffer,
  at: { firstOffset: number; chunkBytes: number },
): Generator<ReadChunk, void, void> {
  for (let start = 0; start < bytes.length; start += at.chunkBytes) {
    const chunkIndex = toChunkIndex((at.firstOffset + start) / at.chunkBytes);
    yield { chunkIndex, bytes: bytes.subarray(start, start + at.chunkBytes) };
  }
}

function fill(
  source: { handle: FileHandle; path: string; layout: ChunkLayout },
  buffer: Buffer,
  offsetBytes: number,
): Promise<Buffer> {
  const wantedBytes = Math.min(buffer.length, source.layout.sizeBytes - offsetBytes);
  return onDisk({ path: source.path, verb: 'read' }, () =>
    readFully(source.handle, buffer.subarray(0, wantedBytes), offsetBytes),
  );
}

/** Fills `buffer` from `offsetBytes` on; returns the part of it that the file had bytes for. */
export async function readFully(
  handle: FileHandle,
  buffer: Buffer,
  offsetBytes: number,
): Promise<Buffer> {
  let filledBytes = 0;
  while (filledBytes < buffer.length) {
    const { bytesRead } = await handle.read(
      buffer,
      filledBytes,
      buffer.length - filledBytes,
      offsetBytes + filledBytes,
    );
    if (bytesRead === 0) break;
    filledBytes += bytesRead;
  }
  return buffer.subarray(0, filledBytes);
}
