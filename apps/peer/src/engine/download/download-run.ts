import { setMaxListeners } from 'node:events';
import type { Writable } from 'node:stream';
import { isDigest, parseDigest, type FileSummary, type Manifest } from '#protocol';
import { makeOutputParent } from '../../disk/output-folder.js';
import { planOutputs, type PlannedOutput } from '../../disk/output-paths.js';
import { DownloadJob, type DownloadProgress, type DownloadReport } from './download-job.js';
import { fetchManifest } from '../lookup/fetch-manifest.js';
import { findFile, findPrefix, type FoundFile } from '../lookup/find-files.js';
import { MAX_TRANSFERS_AT_ONCE } from '../peer-config.js';
import type { PeerSession } from '../peer-session.js';
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
  private readonly jobs = new Set<DownloadJob | StreamJob>();
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
    const { requests, output, cwd } = this.options;
    // All downloads listen to it, with what they wait for.
    setMaxListeners(4 * MAX_TRANSFERS_AT_ONCE, signal);
    const found = await Promise.all(requests.map((request) => this.find(request, signal)));
    this.hasFoundAll = true;
    const files = new Map<string, FoundFile>();
    for (const file of found.flat()) files.set(file.summary.digest, file);
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
    const outcomes = new Array<FileOutcome>(plans.length);
    const queue = groupByDigest(plans).values();
    const work = async () => {
      for (const group of queue) {
        for (const { plan, index } of group) {
          outcomes[index] = await this.outcomeOf(plan, files.get(plan.digest)!, signal);
        }
      }
    };
    // A signal ends them all: each still puts away what it has proven.
    const ended = await Promise.allSettled(Array.from({ length: MAX_TRANSFERS_AT_ONCE }, work));
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
    return outcomes;
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

  private async outcomeOf(
    plan: PlannedOutput,
    { summary, locations }: FoundFile,
    signal: AbortSignal,
  ): Promise<FileOutcome> {
    const name = plan.name ?? plan.digest;
    try {
      signal.throwIfAborted();
      const manifest = await this.manifestOf(summary, signal);
      await makeOutputParent(plan);
      const { existingFile, timeoutMs } = this.options;
      const outputPath = plan.path;
      const order = { name, manifest, locations, outputPath, existingFile, timeoutMs };
      const report = await this.track(new DownloadJob(this.session, order), signal);
      return { ok: true, report };
    } catch (error) {
      if (signal.aborted) throw error;
      return { ok: false, name, error: error as Error };
    }
  }

  private async track(job: DownloadJob | StreamJob, signal: AbortSignal): Promise<DownloadReport> {
    this.jobs.add(job);
    try {
      return await job.run({ signal });
    } finally {
      this.jobs.delete(job);
      this.onFinished(job.progress);
    }
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
    return [await findFile(client, request, options)];
  }
}

interface IndexedPlan {
  readonly plan: PlannedOutput;
  readonly index: number;
}

/** Equal files are fetched once: the second is copied from the first, so it must come after it. */
function groupByDigest(plans: readonly PlannedOutput[]): Map<string, IndexedPlan[]> {
  const groups = new Map<string, IndexedPlan[]>();
  for (const [index, plan] of plans.entries()) {
    const group = groups.get(plan.digest);
    if (group === undefined) groups.set(plan.digest, [{ plan, index }]);
    else group.push({ plan, index });
  }
  return groups;
}
