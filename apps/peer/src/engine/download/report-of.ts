import type { Manifest } from '#protocol';
import type { Fetch } from '../transfer/fetch.js';
import type { DownloadReport } from './download-job.js';

/** What a finished download tells; `fetch` is undefined when nothing was fetched. */
export function reportOf(
  order: { readonly name: string; readonly manifest: Manifest; readonly outputPath: string },
  { startedMs, fetch }: { startedMs: number; fetch: Fetch | undefined },
): DownloadReport {
  const { name, manifest, outputPath } = order;
  return {
    name,
    digest: manifest.digest,
    path: outputPath,
    sizeBytes: manifest.sizeBytes,
    seconds: (performance.now() - startedMs) / 1_000,
    bytesFromPeers: Object.fromEntries(fetch?.bytesFromPeers ?? []),
    bytesResumed: fetch?.bytesResumed ?? 0,
    chunksRejected: fetch?.chunksRejectedCount ?? 0,
  };
}
