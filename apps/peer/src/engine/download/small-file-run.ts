import { MAX_SMALL_TRANSFERS_AT_ONCE } from '../peer-config.js';
import type { PeerSession } from '../peer-session.js';
import type { ChunkSource } from '../transfer/transfer.js';
import { nameOf, takeEach, type DownloadGroup, type DownloadItem } from './download-groups.js';
import type { DownloadOrder } from './download-job.js';
import type { FileOutcome } from './download-run.js';
import type { SmallFileJob } from './small-file-job.js';
import type { SmallFiles } from './small-files.js';

/** The download command that the small files are part of. */
export interface SmallFileHost {
  /** Whether nothing of an earlier download is there, nor what it would have to leave alone. */
  isUntouched(item: DownloadItem): Promise<boolean>;
  orderOf(item: DownloadItem, signal: AbortSignal): Promise<DownloadOrder>;
  /** As a file of any length is downloaded. */
  outcomeOf(item: DownloadItem, signal: AbortSignal): Promise<FileOutcome>;
  settle(item: DownloadItem, outcome: FileOutcome): void;
  /** Shows a job's progress until what it returns is called. */
  show(job: SmallFileJob): () => void;
}

/** Downloads the small files of one command, many at a time. What an earlier process has begun or
 *  finished, and what cannot be put in place, goes the way of all other files. */
export class SmallFileRun {
  private readonly landings = new Set<Promise<void>>();

  constructor(
    private readonly session: PeerSession,
    private readonly files: SmallFiles,
    private readonly host: SmallFileHost,
  ) {}

  /** Empties `groups`. Rejects with the signal's reason; what was fetched by then is in place. */
  async run(groups: DownloadGroup[], { signal }: { signal: AbortSignal }): Promise<void> {
    const queue = takeEach(groups);
    const work = async () => {
      for (const group of queue) await this.fetchGroup(group, signal);
    };
    const workers = Array.from({ length: MAX_SMALL_TRANSFERS_AT_ONCE }, work);
    const ended = await Promise.allSettled(workers);
    ended.push(...(await Promise.allSettled(this.landings)));
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
  }

  private async fetchGroup(group: DownloadGroup, signal: AbortSignal): Promise<void> {
    let twin: ChunkSource | undefined;
    for (const item of group) {
      signal.throwIfAborted();
      if (await this.host.isUntouched(item)) {
        twin = (await this.fetch(item, this.offered(item) ?? twin, signal)) ?? twin;
      } else {
        this.host.settle(item, await this.host.outcomeOf(item, signal));
      }
    }
  }

  /** Returns where equal files can be copied from. */
  private async fetch(
    item: DownloadItem,
    source: ChunkSource | undefined,
    signal: AbortSignal,
  ): Promise<ChunkSource | undefined> {
    const { host, files } = this;
    try {
      await files.room();
      const job = files.job(await host.orderOf(item, signal));
      const hide = host.show(job);
      try {
        if (source === undefined) await job.fetch({ signal });
        else await job.copyFrom(source, { signal });
      } finally {
        hide();
      }
      this.keep(this.land(item, job, signal));
      return job.staged;
    } catch (error) {
      if (signal.aborted) throw error;
      host.settle(item, { ok: false, name: nameOf(item), error: error as Error });
      return undefined;
    }
  }

  /** Until it has landed; one that fails is looked at in the end. */
  private keep(landing: Promise<void>): void {
    this.landings.add(landing);
    void landing.then(
      () => this.landings.delete(landing),
      () => undefined,
    );
  }

  private async land(item: DownloadItem, job: SmallFileJob, signal: AbortSignal): Promise<void> {
    try {
      this.host.settle(item, { ok: true, report: await this.files.land(job) });
    } catch {
      // Something is in its place now, say: what to do then is known there.
      this.host.settle(item, await this.host.outcomeOf(item, signal));
    }
  }

  /** A file of the same content that this process serves already. */
  private offered({ plan }: DownloadItem): ChunkSource | undefined {
    const known = this.session.transfers.get(plan.digest);
    return known === undefined ? undefined : this.session.offers.of(known)[0]?.file;
  }
}
