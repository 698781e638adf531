import type { Writable } from 'node:stream';
import { Bitfield } from '#protocol';
import type { DownloadOrder, DownloadProgress, DownloadReport } from './download-job.js';
import { Fetch } from '../transfer/fetch.js';
import { MAX_INFLIGHT_BYTES } from '../peer-config.js';
import type { PeerSession } from '../peer-session.js';
import { runFetch } from './run-fetch.js';
import { StreamSink } from './stream-sink.js';
import { Transfer } from '../transfer/transfer.js';

/** One file from the network to a stream, in order. Keeps nothing, so it serves nothing. */
export class StreamJob {
  private fetch: Fetch | undefined;
  private writtenCount = 0;
  private readonly startedMs = performance.now();

  constructor(
    private readonly session: PeerSession,
    readonly order: Omit<DownloadOrder, 'existingFile'>,
    private readonly output: Writable,
  ) {}

  get progress(): DownloadProgress {
    const { name, manifest } = this.order;
    const bytesDone = Math.min(this.writtenCount * manifest.chunkBytes, manifest.sizeBytes);
    const sources = this.fetch?.sourceCount ?? 0;
    const elapsedMs = performance.now() - this.startedMs;
    return { name, bytesDone, bytesTotal: manifest.sizeBytes, sources, elapsedMs };
  }

  async run({ signal }: { signal: AbortSignal }): Promise<DownloadReport> {
    const { session, order } = this;
    const { manifest } = order;
    const held = Bitfield.empty(manifest.chunkCount);
    const transfer = new Transfer(manifest, held, undefined, session.transferHost);
    const windowCount = Math.max(2, Math.floor(MAX_INFLIGHT_BYTES / 2 / manifest.chunkBytes));
    using sink = new StreamSink(this.output, (nextIndex) => {
      this.writtenCount = nextIndex;
      fetch.limitTo(nextIndex + windowCount);
    });
    const fetch = new Fetch(transfer, sink, session.fetchHost, 'sequential');
    fetch.limitTo(windowCount);
    this.fetch = fetch;
    try {
      await runFetch(session, { transfer, fetch, order, announcing: 'at once' }, { signal });
    } catch (error) {
      sink.fail(error as Error);
      throw error;
    } finally {
      session.removeTransfer(transfer, { code: 'OK', completed: held.isComplete });
    }
    return this.report(fetch);
  }

  private report(fetch: Fetch): DownloadReport {
    const { name, manifest } = this.order;
    return {
      name,
      digest: manifest.digest,
      path: '-',
      sizeBytes: manifest.sizeBytes,
      seconds: (performance.now() - this.startedMs) / 1_000,
      bytesFromPeers: Object.fromEntries(fetch.bytesFromPeers),
      bytesResumed: 0,
      chunksRejected: fetch.chunksRejectedCount,
    };
  }
}
