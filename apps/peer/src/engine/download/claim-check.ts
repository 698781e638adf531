import type { Bitfield, ChunkIndex } from '#protocol';
import { TransferError } from '../../core/transfer-error.js';
import type { ChunkStore } from '../../disk/chunk-store.js';
import type { Transfer } from '../transfer/transfer.js';

/** Reads under way at once: enough to keep the disk busy. */
const PARALLEL_READS = 3;

/**
 * Hashes what a resume record claims and nobody has proven, while the rest is being fetched. Each
 * chunk is taken off `unchecked` when the transfer is told what came of it. Rejects when the disk
 * fails or the signal aborts.
 */
export async function checkClaims(
  transfer: Transfer,
  store: ChunkStore,
  unchecked: Bitfield,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const claims = unchecked.clone().indexes();
  const reader = async () => {
    const buffer = Buffer.allocUnsafeSlow(transfer.manifest.chunkBytes);
    for (const chunkIndex of claims) {
      const isProven = await holds(store, chunkIndex, buffer, signal);
      unchecked.clear(chunkIndex);
      transfer.push({ type: isProven ? 'claimProven' : 'claimRefuted', chunkIndex });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_READS }, reader));
}

async function holds(
  store: ChunkStore,
  chunkIndex: ChunkIndex,
  buffer: Buffer,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await store.read(chunkIndex, buffer, { signal });
    return true;
  } catch (error) {
    if (error instanceof TransferError && error.code === 'SOURCE_CHANGED') return false;
    throw error;
  }
}
