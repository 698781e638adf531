import { Bitfield, toChunkIndex } from '#protocol';
import { SharedFile } from '../../disk/shared-file.js';
import type { StagedFile } from '../../disk/staged-file.js';
import type { PeerSession } from '../peer-session.js';
import { Fetch } from '../transfer/fetch.js';
import { Transfer, type ChunkSource } from '../transfer/transfer.js';
import type { DownloadOrder, DownloadProgress, DownloadReport } from './download-job.js';
import { figuresOf, reportOf, type FetchFigures } from './report-of.js';
import { runFetch } from './run-fetch.js';

/** A file of at most one chunk from the network to one path: fetched into a staged file; put in
 *  place, together with others, by whoever runs the job; then served. */
export class SmallFileJob {
  private transfer: Transfer | undefined;
  /** Of what was fetched, once all of it has come. */
  private figures: FetchFigures | undefined;
  private isStaged = false;
  private readonly startedMs = performance.now();

  constructor(
    private readonly session: PeerSession,
    readonly order: DownloadOrder,
    readonly staged: StagedFile,
  ) {}

  get outputPath(): string {
    return this.order.outputPath;
  }

  get existingFile(): 'refuse' | 'replace' {
    return this.order.existingFile;
  }

  get progress(): DownloadProgress {
    const { name, manifest } = this.order;
    return {
      name,
      bytesDone: this.isStaged ? manifest.sizeBytes : 0,
      bytesTotal: manifest.sizeBytes,
      sources: this.transfer?.fetch?.sourceCount ?? this.giverCount,
      elapsedMs: performance.now() - this.startedMs,
    };
  }

  /** Rejects with a TransferError, or with the signal's reason. */
  async fetch({ signal }: { signal: AbortSignal }): Promise<void> {
    const { session, order, staged } = this;
    const { manifest } = order;
    const held = Bitfield.empty(manifest.chunkCount);
    const transfer = new Transfer(manifest, held, staged, session.transferHost);
    const fetch = new Fetch(transfer, staged, session.fetchHost, 'rarestFirst');
    this.transfer = transfer;
    try {
      const fetching = { transfer, fetch, order, announcing: 'when it waits' as const };
      await runFetch(session, fetching, { signal });
      if (manifest.chunkCount === 0) staged.create(new Uint8Array(0));
      transfer.endFetch();
      this.figures = figuresOf(fetch);
    } catch (error) {
      this.abandon();
      throw error;
    }
    this.isStaged = true;
  }

  /** Without the network, from a file that this process has already. */
  async copyFrom(source: ChunkSource, { signal }: { signal: AbortSignal }): Promise<void> {
    const { manifest } = this.order;
    if (manifest.chunkCount === 0) {
      this.staged.create(new Uint8Array(0));
    } else {
      const run = { firstIndex: toChunkIndex(0), count: 1 };
      const [chunk] = await source.readRun(run, Buffer.allocUnsafe(manifest.sizeBytes), { signal });
      this.staged.create(chunk!.bytes);
    }
    this.isStaged = true;
  }

  /** The file is in place: others may go on fetching from it. */
  async finish(): Promise<DownloadReport> {
    const { session, order, transfer, staged } = this;
    const { name, manifest, outputPath } = order;
    if (transfer !== undefined) {
      const file = await SharedFile.open(outputPath, manifest, staged.stamp, session.handles);
      session.offers.add(transfer, { name, file });
      transfer.readFrom(file);
      const announced = name === manifest.digest ? undefined : name;
      void session.announcer.announce(transfer, [
        { name: announced, naming: 'keep', arrived: true },
      ]);
    }
    return reportOf(order, { startedMs: this.startedMs, figures: this.figures });
  }

  private get giverCount(): number {
    return Object.keys(this.figures?.bytesFromPeers ?? {}).length;
  }

  /** Nothing will come of it. */
  abandon(): void {
    const { session, transfer } = this;
    if (transfer === undefined) return;
    session.removeTransfer(transfer, { code: 'OK', completed: false });
  }
}
