import { toChunkIndex } from '#protocol';
import type { DownloadTarget } from '../../disk/download-target.js';
import type { SharedFile } from '../../disk/shared-file.js';

/** Fills a target from a file that this process has already: no network, but the same checks. */
export async function copyFromOffer(
  source: SharedFile,
  target: DownloadTarget,
  { onCopied, signal }: { onCopied: (bytes: number) => void; signal: AbortSignal },
): Promise<void> {
  const { chunkCount, chunkBytes } = source.manifest;
  const buffer = Buffer.allocUnsafe(chunkCount === 0 ? 0 : chunkBytes);
  for (let index = 0; index < chunkCount; index += 1) {
    const chunk = await source.read(toChunkIndex(index), buffer, { signal });
    await target.store.write(chunk, { signal });
    onCopied(chunk.bytes.length);
  }
}
