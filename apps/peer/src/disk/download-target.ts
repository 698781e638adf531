import { realpathSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Bitfield, type Manifest } from '#protocol';
import { FileChunkStore, type ChunkStore } from './chunk-store.js';
import { onDisk, onDiskSync } from './disk-error.js';
import { downloadPaths, type DownloadPaths } from './download-paths.js';
import { renameExclusively } from './exclusive-rename.js';
import { sameStamp, type FileStamp } from './file-stamp.js';
import { syncFolder } from './folder-sync.js';
import { ProcessLock } from './process-lock.js';
import { isThisProcess, thisProcess, type ProcessStamp } from './process-stamp.js';
import { readResumeRecord, removeResumeRecord, writeResumeRecord } from './resume-record-file.js';
import type { ResumeRecord } from './resume-record.js';
import {
  assertFolder,
  assertFree,
  assertNotFull,
  assertRoom,
  assertUnowned,
  tidyFinished,
} from './target-checks.js';

export interface DownloadTargetOptions {
  /** Absolute. */
  readonly outputPath: string;
  readonly manifest: Manifest;
  readonly existingFile: 'refuse' | 'replace';
  readonly signal: AbortSignal;
}

interface Opened {
  readonly store: FileChunkStore;
  readonly claims: Bitfield;
  readonly claimsTrusted: 'proven' | 'unproven';
}

/** Where the records of the targets lie that this process has open: a full disk may keep one from
 *  saying that nobody works on it any more. */
const openRecords = new Set<string>();

/** The file that a download is to become: until it is whole `OUTPUT.part`, and beside it
 *  `OUTPUT.part.resume`, which says which chunks are stored and who works on them. */
export class DownloadTarget {
  /** Stays readable after {@link finish}, until the target is closed. */
  readonly store: ChunkStore;
  /** Chunks that the record says are stored. */
  readonly claims: Bitfield;
  /** `proven`: a clean stop wrote the record and the part has not changed since. Otherwise each
   *  claimed chunk must be read once before it counts. */
  readonly claimsTrusted: 'proven' | 'unproven';
  private readonly part: FileChunkStore;
  private recorded: Bitfield;
  private state: 'working' | 'released' = 'working';
  private closed: Promise<void> | undefined;
  /** Changes of the record and the end of the download, one after the other. */
  private lastChange: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly options: DownloadTargetOptions,
    private readonly paths: DownloadPaths,
    private readonly owner: ProcessStamp,
    private readonly opened: Opened & { readonly recordPath: string },
  ) {
    this.store = opened.store;
    this.part = opened.store;
    this.claims = opened.claims;
    this.recorded = opened.claims.clone();
    this.claimsTrusted = opened.claimsTrusted;
  }

  /** Creates the target or takes up what an earlier process left of the same content. Throws
   *  TransferError TARGET_EXISTS, TARGET_FOLDER_MISSING, TARGET_BUSY, DISK_FULL (before anything is
   *  fetched), DISK_PERMISSION or DISK_FAILED. */
  static async open(options: DownloadTargetOptions): Promise<DownloadTarget> {
    const { manifest, signal } = options;
    const paths = downloadPaths(options.outputPath);
    signal.throwIfAborted();
    assertFolder(paths);
    assertNotFull(paths);
    const lock = await onDisk({ path: paths.output, verb: 'create' }, () =>
      ProcessLock.acquire(paths.lock, { signal }),
    );
    try {
      const record = readResumeRecord(paths.record);
      const recordPath = realRecordPath(paths);
      const isLeftByUs = isThisProcess(record?.owner) && !openRecords.has(recordPath);
      if (!isLeftByUs) assertUnowned(paths, record);
      await tidyFinished(paths);
      assertFree(paths, options.existingFile);
      assertRoom(paths, manifest.sizeBytes);
      const owner = thisProcess();
      const opened = await openPart(paths, manifest, { record, owner });
      openRecords.add(recordPath);
      return new DownloadTarget(options, paths, owner, { ...opened, recordPath });
    } finally {
      lock.release();
    }
  }

  /** Makes `stored` survive a crash: syncs the data, then replaces the record. `unchecked` are
   *  claims that have been neither proven nor refuted yet; they stay claims. */
  record(stored: Bitfield, unchecked?: Bitfield): Promise<void> {
    const held = union(stored, unchecked);
    return this.change(async () => {
      await this.part.sync();
      await this.writeRecord({ held, owner: this.owner, cleanStop: null });
    });
  }

  /** A clean stop: whoever opens the target next need not check `stored` again, unless there were
   *  `unchecked` claims. Closes the target. */
  async suspend(stored: Bitfield, unchecked?: Bitfield): Promise<void> {
    const held = union(stored, unchecked);
    await this.change(async () => {
      const stamp = await this.part.syncAll();
      const cleanStop = held.count === stored.count ? stamp : null;
      await this.writeRecord({ held, owner: null, cleanStop });
      this.state = 'released';
    });
    await this.close();
  }

  /** Every chunk is stored: moves the file into place and removes the record. Throws TransferError
   *  TARGET_EXISTS when a file has appeared there meanwhile that is not to be replaced. */
  finish(): Promise<FileStamp> {
    return this.change(async () => {
      const stamp = await this.part.syncAll();
      await onDisk({ path: this.paths.output, verb: 'create' }, async () => {
        const move = this.options.existingFile === 'replace' ? renameSync : renameExclusively;
        move(this.paths.part, this.paths.output);
        this.state = 'released';
        await syncFolder(this.paths.folder);
      });
      await removeResumeRecord(this.paths.record);
      return stamp;
    });
  }

  /** Idempotent. Without {@link suspend} or {@link finish} before it, leaves the claims that were
   *  recorded last, to be checked again; with none, leaves nothing. */
  close(): Promise<void> {
    this.closed ??= this.release();
    return this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async release(): Promise<void> {
    await this.lastChange.catch(() => undefined);
    try {
      if (this.state === 'working') await this.abandon();
    } finally {
      this.state = 'released';
      openRecords.delete(this.opened.recordPath);
      await this.part.close();
    }
  }

  private abandon(): Promise<void> {
    const { digest } = this.options.manifest;
    return abandon(this.paths, { digest, held: this.recorded });
  }

  private change<T>(work: () => Promise<T>): Promise<T> {
    const result = this.lastChange
      .catch(() => undefined)
      .then(() => {
        if (this.state === 'working') return work();
        throw new Error(`${this.paths.output} is no longer ours to change`);
      });
    this.lastChange = result;
    return result;
  }

  private async writeRecord(record: Omit<ResumeRecord, 'digest'>): Promise<void> {
    const { digest } = this.options.manifest;
    await writeResumeRecord(this.paths.record, { digest, ...record });
    this.recorded = record.held;
  }
}

/** Leaves what the record claims to be checked again, and without a claim nothing. */
async function abandon(
  { part, record }: DownloadPaths,
  left: Pick<ResumeRecord, 'digest' | 'held'>,
): Promise<void> {
  if (left.held.count > 0) {
    await writeResumeRecord(record, { ...left, owner: null, cleanStop: null });
    return;
  }
  await removeResumeRecord(record);
  await onDisk({ path: part, verb: 'remove' }, () => rm(part, { force: true }));
}

/** Opens the part at its full length, with whatever of `record` can be kept, and takes it over. */
async function openPart(
  paths: DownloadPaths,
  manifest: Manifest,
  found: { record: ResumeRecord | undefined; owner: ProcessStamp },
): Promise<Opened> {
  const kept = found.record?.digest === manifest.digest ? found.record : undefined;
  const store = await FileChunkStore.open(paths.part, manifest);
  let isNew = false;
  let isTakenOver = false;
  let claims = Bitfield.empty(manifest.chunkCount);
  try {
    const stamp = await store.stamp();
    isNew = stamp.sizeBytes === 0;
    if (kept !== undefined && !isNew) claims = kept.held;
    const isProven = kept?.cleanStop != null && sameStamp(kept.cleanStop, stamp);
    const record = { digest: manifest.digest, held: claims, owner: found.owner, cleanStop: null };
    // A record of nothing may get lost in a power cut, unless an older one came back instead: it
    // could claim, of other content, what is written over from here on.
    const durability = found.record !== undefined ? 'synced' : 'unsynced';
    await writeResumeRecord(paths.record, record, { durability });
    isTakenOver = true;
    if (claims.count === 0) await store.resize(0);
    if (stamp.sizeBytes !== manifest.sizeBytes || claims.count === 0) {
      await store.resize(manifest.sizeBytes);
    }
    return { store, claims, claimsTrusted: isProven ? 'proven' : 'unproven' };
  } catch (error) {
    await store.close();
    if (isTakenOver) {
      // What went wrong before is what the user must hear of.
      await abandon(paths, { digest: manifest.digest, held: claims }).catch(() => undefined);
    } else if (isNew) {
      rmSync(paths.part, { force: true });
    }
    throw error;
  }
}

function union(stored: Bitfield, unchecked: Bitfield | undefined): Bitfield {
  const held = stored.clone();
  if (unchecked !== undefined) for (const chunkIndex of unchecked.indexes()) held.set(chunkIndex);
  return held;
}

/** The same for all ways to the folder, which exists. */
function realRecordPath({ folder, record }: DownloadPaths): string {
  const realFolder = onDiskSync({ path: folder, verb: 'look at' }, () => realpathSync(folder));
  return join(realFolder, basename(record));
}
