import {
  ChunkLayout,
  decodeBase64,
  HASH_BYTES,
  Manifest,
  ProtocolError,
  type FileSummary,
} from '#protocol';
import { TransferError } from '../../core/transfer-error.js';
import type { TrackerClient } from '../../net/tracker-client.js';
import { callError, refusalError } from './tracker-refusal.js';

/** The manifest of a file whose only hash came with its summary; undefined when that is missing, or
 *  not the digest's. */
export function manifestOfSummary(summary: FileSummary): Manifest | undefined {
  if (summary.hash === undefined) return undefined;
  try {
    const { sizeBytes } = summary;
    const manifest = Manifest.fromHashes({ sizeBytes, hashes: decodeBase64(summary.hash) });
    return manifest.digest === summary.digest ? manifest : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Gets a file's manifest from the tracker, a page at a time, and checks it against the digest.
 *  Throws TransferError CONTENT_MISMATCH when the tracker's hashes are not the digest's. */
export async function fetchManifest(
  client: TrackerClient,
  summary: FileSummary,
  { signal }: { signal: AbortSignal },
): Promise<Manifest> {
  const { digest, sizeBytes } = summary;
  const known = manifestOfSummary(summary);
  if (known !== undefined) return known;
  try {
    const hashes = await fetchHashes(client, summary, signal);
    const manifest = Manifest.fromHashes({ sizeBytes, hashes });
    if (manifest.digest === digest) return manifest;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw callError(error, digest);
  }
  throw new TransferError('CONTENT_MISMATCH', `the tracker's manifest of ${digest} is not its own`);
}

async function fetchHashes(
  client: TrackerClient,
  { digest, sizeBytes }: FileSummary,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { chunkCount } = ChunkLayout.forSize(sizeBytes);
  const hashes = new Uint8Array(chunkCount * HASH_BYTES);
  for (let firstChunkIndex = 0; firstChunkIndex < chunkCount;) {
    const request = { files: [{ digest, firstChunkIndex }] };
    const { files } = await client.call('manifest', request, { signal });
    const page = files[0];
    if (page?.ok === false) throw refusalError(page, digest);
    const bytes = page === undefined ? new Uint8Array(0) : decodeBase64(page.hashes);
    const offset = firstChunkIndex * HASH_BYTES;
    if (bytes.length === 0 || offset + bytes.length > hashes.length) {
      throw new ProtocolError('INVALID_MANIFEST', { reason: 'a page of the wrong length' });
    }
    hashes.set(bytes, offset);
    firstChunkIndex += bytes.length / HASH_BYTES;
  }
  return hashes;
}
