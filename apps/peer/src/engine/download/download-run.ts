import { setMaxListeners } from 'node:events';
import type { Writable } from 'node:stream';
import { isDigest, parseDigest, type FileSummary, type Manifest } from '#protocol';
import { TransferError } from '../../core/transfer-error.js';
import { makeRoot, OutputFolders } from '../../disk/output-folder.js';
import { planOutputs } from '../../disk/output-paths.js';
import {
  groupByDigest,
  isSmallGroup,
  nameOf,
  takeEach,
  type DownloadGroup,
  type DownloadItem,
} from './download-groups.js';
import {
  DownloadJob,
  type DownloadOrder,
  type DownloadProgress,
  type DownloadReport,
} from './download-job.js';
import { fetchManifest, manifestOfSummary } from '../lookup/fetch-manifest.js';
import { findFile, findPrefix, type FoundFile } from '../lookup/find-files.js';
import { MAX_SMALL_TRANSFERS_AT_ONCE, MAX_TRANSFERS_AT_ONCE } from '../peer-config.js';
import type { PeerSession } from '../peer-session.js';
import type { SmallFileJob } from './small-file-job.js';
import { SmallFileRun, type SmallFileHost } from './small-file-run.js';
import { SmallFiles } from './small-files.js';
import { StreamJob } from './stream-job.js';
import { askPatiently, type Patience } from '../lookup/tracker-patience.js';

export interface DownloadOptions {
  /** Names, prefixes ending in `/`, or digests. */
  readonly requests: readonly string[];
  readonly output: string | undefined;
  readonly cwd: string;
  readonly existingFile: 'refuse' | 'replace';
  readonly timeoutMs: number | undefined;
}

export type FileOutcome =
  | { readonly ok: true; readonly report: DownloadReport }
  | { readonly ok: false; readonly name: string; readonly error: Error };

/** One download command: finds the files, then runs their downloads, several at a time. */
export class DownloadRun {
  private readonly jobs = new Set<DownloadJob | StreamJob | SmallFileJob>();
  private readonly folders = new OutputFolders();
  private hasFoundAll = false;

  constructor(
    private readonly session: PeerSession,
    private readonly options: DownloadOptions,
    /** Told the final state of each download. */
    private readonly onFinished: (progress: DownloadProgress) => void,
  ) {}

  /** Of the downloads that are running now. */
  get progress(): DownloadProgress[] {
    return [...this.jobs].map((job) => job.progress);
  }

  /** What to fetch is known: from here on a tracker that is away ends nothing. */
  get hasFound(): boolean {
    return this.hasFoundAll;
  }

  /** Outcomes in the order of the plan. Rejects when nothing could even be begun. */
  async toFiles({ signal }: { signal: AbortSignal }): Promise<FileOutcome[]> {
    // All downloads listen to it, with what they wait for.
    setMaxListeners(4 * (MAX_TRANSFERS_AT_ONCE + MAX_SMALL_TRANSFERS_AT_ONCE), signal);
    const groups = await this.plan(signal);
    const outcomes = new Array<FileOutcome>(groups.reduce((sum, { length }) => sum + length, 0));
    const settle = ({ index }: DownloadItem, outcome: FileOutcome) => (outcomes[index] = outcome);
    await this.runAll(groups, settle, signal);
    return outcomes;
  }

  private async plan(signal: AbortSignal): Promise<DownloadGroup[]> {
    const { requests, output, cwd } = this.options;
    const found = await Promise.all(requests.map((request) => this.find(request, signal)));
    this.hasFoundAll = true;
    const plans = await planOutputs({
      requests: requests.map((request, index) => ({
        request,
        files: found[index]!.map(({ summary: { name, digest } }) => ({
          name,
          digest: parseDigest(digest),
        })),
      })),
      output,
      cwd,
    });
    return groupByDigest(plans, found.flat());
  }

  /** Empties `groups`: what was found of a file is let go of when the file is there. */
  private async runAll(
    groups: DownloadGroup[],
    settle: (item: DownloadItem, outcome: FileOutcome) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const smallGroups = groups.filter(isSmallGroup);
    await using files = await this.openSmallFiles(smallGroups);
    const others = groups.filter((group) => files === undefined || !isSmallGroup(group));
    groups.length = 0;
    const queue = takeEach(others);
    const work = async () => {
      for (const group of queue) {
        for (const item of group) settle(item, await this.outcomeOf(item, signal));
      }
    };
    const running = Array.from({ length: MAX_TRANSFERS_AT_ONCE }, work);
    if (files !== undefined) {
      const run = new SmallFileRun(this.session, files, this.smallFileHost(settle));
      running.push(run.run(smallGroups, { signal }));
    }
    // A signal ends them all: each still puts away what it has proven.
    const ended = await Promise.allSettled(running);
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
  }

  /** Undefined without small files, and where their folder cannot be written to: then each says so
   *  for itself. */
  private async openSmallFiles([first]: readonly DownloadGroup[]): Promise<SmallFiles | undefined> {
    const plan = first?.[0]?.plan;
    if (plan === undefined || plan.root === null) return undefined;
    try {
      await makeRoot(plan.root);
      return SmallFiles.open(this.session, plan.root, this.folders);
    } catch (error) {
      if (error instanceof TransferError) return undefined;
      throw error;
    }
  }

  private smallFileHost(settle: (item: DownloadItem, outcome: FileOutcome) => void): SmallFileHost {
    return {
      isUntouched: (item) => this.isUntouched(item),
      orderOf: (item, signal) => this.orderOf(item, signal),
      outcomeOf: (item, signal) => this.outcomeOf(item, signal),
      settle,
      show: (job) => this.show(job),
    };
  }

  async toStream(output: Writable, { signal }: { signal: AbortSignal }): Promise<DownloadReport> {
    const [request = ''] = this.options.requests;
    const { timeoutMs } = this.options;
    const [file] = await this.find(request, signal);
    this.hasFoundAll = true;
    const { summary, locations } = file!;
    const manifest = await this.manifestOf(summary, signal);
    const name = summary.name ?? summary.digest;
    const order = { name, manifest, locations, outputPath: '-', timeoutMs };
    return await this.track(new StreamJob(this.session, order, output), signal);
  }

  private async outcomeOf(item: DownloadItem, signal: AbortSignal): Promise<FileOutcome> {
    try {
      signal.throwIfAborted();
      const job = new DownloadJob(this.session, await this.orderOf(item, signal));
      await this.folders.settle();
      return { ok: true, report: await this.track(job, signal) };
    } catch (error) {
      if (signal.aborted) throw error;
      return { ok: false, name: nameOf(item), error: error as Error };
    }
  }

  private async isUntouched({ plan }: DownloadItem): Promise<boolean> {
    try {
      return await this.folders.wasUntouched(plan, this.options.existingFile);
    } catch (error) {
      // Whoever is to write there says what is wrong.
      if (error instanceof TransferError) return false;
      throw error;
    }
  }

  private async orderOf(item: DownloadItem, signal: AbortSignal): Promise<DownloadOrder> {
    const { plan, found } = item;
    const { summary, locations } = found;
    const manifest = manifestOfSummary(summary) ?? (await this.manifestOf(summary, signal));
    await this.folders.makeParent(plan);
    const { existingFile, timeoutMs } = this.options;
    const outputPath = plan.path;
    return { name: nameOf(item), manifest, locations, outputPath, existingFile, timeoutMs };
  }

  private async track(job: DownloadJob | StreamJob, signal: AbortSignal): Promise<DownloadReport> {
    const hide = this.show(job);
    try {
      return await job.run({ signal });
    } finally {
      hide();
    }
  }

  private show(job: DownloadJob | StreamJob | SmallFileJob): () => void {
    this.jobs.add(job);
    return () => {
      this.jobs.delete(job);
      this.onFinished(job.progress);
    };
  }

  private find(request: string, signal: AbortSignal): Promise<FoundFile[]> {
    const patience = this.patience('brief', request, signal);
    return askPatiently((options) => this.findOnce(request, options), patience);
  }

  /** The download has begun: a tracker that is away does not end it. */
  private manifestOf(summary: FileSummary, signal: AbortSignal): Promise<Manifest> {
    const { client } = this.session;
    const patience = this.patience('endless', summary.name ?? summary.digest, signal);
    return askPatiently((options) => fetchManifest(client, summary, options), patience);
  }

  private patience(kind: Patience['kind'], name: string, signal: AbortSignal): Patience {
    const { timeoutMs } = this.options;
    const isBrief = kind === 'brief' && timeoutMs === undefined;
    const onWaiting = (why: string) => {
      const reason = isBrief ? `${why}; trying again for a moment` : why;
      this.session.notify({ type: 'waiting', name, reason });
    };
    return { kind, timeoutMs, onWaiting, signal };
  }

  private async findOnce(
    request: string,
    { signal }: { signal: AbortSignal },
  ): Promise<FoundFile[]> {
    const { client, peerId, config } = this.session;
    if (request.endsWith('/') && !isDigest(request)) {
      return await findPrefix(client, request, { signal });
    }
    const options = { self: peerId, maxLocations: config.maxPeerCount, signal };
    const found = await findFile(client, request, options);
    this.session.grants?.located(parseDigest(found.summary.digest), found.grant);
    return [found];
  }
}
