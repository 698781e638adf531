import type { OutputFolders } from '../../disk/output-folder.js';
import { placeTogether } from '../../disk/placement.js';
import { StagingFolder } from '../../disk/staging-folder.js';
import { MAX_UNPLACED_FILES } from '../peer-config.js';
import type { PeerSession } from '../peer-session.js';
import type { DownloadOrder, DownloadReport } from './download-job.js';
import { SmallFileJob } from './small-file-job.js';

interface Landing {
  readonly job: SmallFileJob;
  readonly resolve: (report: DownloadReport) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The small files of one download. Each is fetched and written by itself, but they get their names
 * many at a time: whatever arrives while some are being put in place goes together next, with one
 * sync and one write to the library for all. Owns the folder that they wait in.
 */
export class SmallFiles {
  private waiting: Landing[] = [];
  private landing: Promise<void> = Promise.resolve();
  private isLanding = false;
  private unplacedCount = 0;
  /** Told when a batch is in place. */
  private roomWaiters: (() => void)[] = [];

  private constructor(
    private readonly session: PeerSession,
    private readonly staging: StagingFolder,
    private readonly folders: OutputFolders,
  ) {}

  /** `root` exists. Throws TransferError DISK_FULL, DISK_PERMISSION or DISK_FAILED. */
  static open(session: PeerSession, root: string, folders: OutputFolders): SmallFiles {
    return new SmallFiles(session, StagingFolder.open(root), folders);
  }

  job(order: DownloadOrder): SmallFileJob {
    return new SmallFileJob(this.session, order, this.staging.stage(order.manifest));
  }

  /** Resolves once few enough files wait for their names that another may be fetched. */
  async room(): Promise<void> {
    while (this.unplacedCount >= MAX_UNPLACED_FILES) {
      await new Promise<void>((resolve) => this.roomWaiters.push(resolve));
    }
  }

  /** Puts a file in place that has been fetched or copied. */
  land(job: SmallFileJob): Promise<DownloadReport> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ job, resolve, reject });
      this.unplacedCount += 1;
      if (!this.isLanding) this.landing = this.landWaiting();
    });
  }

  /** Resolves when what has been fetched is in place. Throws TransferError on disk errors. */
  async close(): Promise<void> {
    await this.landing;
    this.staging.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async landWaiting(): Promise<void> {
    this.isLanding = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await this.landTogether(batch);
      } catch (error) {
        for (const { job, reject } of batch) {
          job.abandon();
          reject(error as Error);
        }
      }
      this.makeRoom(batch.length);
    }
    this.isLanding = false;
  }

  private makeRoom(fileCount: number): void {
    this.unplacedCount -= fileCount;
    const waiters = this.roomWaiters;
    this.roomWaiters = [];
    for (const wake of waiters) wake();
  }

  private async landTogether(batch: readonly Landing[]): Promise<void> {
    const jobs = batch.map(({ job }) => job);
    await this.folders.settle();
    const failures = await placeTogether(jobs, this.staging.path);
    const addedAt = new Date().toISOString();
    const placed = jobs.filter((job) => !failures.has(job));
    await this.session.library.put(
      placed.map(({ order: { name, manifest, outputPath: path }, staged: { stamp } }) => {
        const { digest } = manifest;
        const memory = this.session.grants?.memoryOf(digest);
        const entry = { name, digest, path, stamp, origin: 'downloaded' as const, addedAt };
        return { manifest, entry: { ...entry, ...memory } };
      }),
    );
    for (const { job, resolve, reject } of batch) {
      const failure = failures.get(job);
      if (failure === undefined) {
        await job.finish().then(resolve, reject);
      } else {
        job.abandon();
        reject(failure);
      }
    }
  }
}
