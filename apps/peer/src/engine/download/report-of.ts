import type { Manifest, PeerId } from '#protocol';
import type { Fetch } from '../transfer/fetch.js';
import type { DownloadReport } from './download-job.js';

/** What is left to tell of a fetch: the fetch itself takes several kilobytes. */
export interface FetchFigures {
  readonly bytesFromPeers: Readonly<Record<PeerId, number>>;
  readonly bytesResumed: number;
  readonly chunksRejected: number;
}

const NOTHING_FETCHED: FetchFigures = { bytesFromPeers: {}, bytesResumed: 0, chunksRejected: 0 };

export function figuresOf(fetch: Fetch): FetchFigures {
  return {
    bytesFromPeers: Object.fromEntries(fetch.bytesFromPeers),
    bytesResumed: fetch.bytesResumed,
    chunksRejected: fetch.chunksRejectedCount,
  };
}

/** What a finished download tells; `figures` is undefined when nothing was fetched. */
export function reportOf(
  order: { readonly name: string; readonly manifest: Manifest; readonly outputPath: string },
  { startedMs, figures }: { startedMs: number; figures: FetchFigures | undefined },
): DownloadReport {
  const { name, manifest, outputPath } = order;
  return {
    name,
    digest: manifest.digest,
    path: outputPath,
    sizeBytes: manifest.sizeBytes,
    seconds: (performance.now() - startedMs) / 1_000,
    ...(figures ?? NOTHING_FETCHED),
  };
}
