import { Bitfield, toChunkIndex, type Location, type Manifest, type PeerId } from '#protocol';
import { TransferError } from '../../core/transfer-error.js';
import { downloadPaths } from '../../disk/download-paths.js';
import { DownloadTarget } from '../../disk/download-target.js';
import type { FileStamp } from '../../disk/file-stamp.js';
import { stampOfPresent } from '../../disk/present-file.js';
import { SharedFile } from '../../disk/shared-file.js';
import { isBegun } from '../../disk/target-checks.js';
import { checkClaims } from './claim-check.js';
import { copyFromOffer } from './copy-from-offer.js';
import { Fetch } from '../transfer/fetch.js';
import type { PeerSession } from '../peer-session.js';
import { RecordKeeper } from './record-keeper.js';
import { figuresOf, reportOf } from './report-of.js';
import { runFetch } from './run-fetch.js';
import { Transfer } from '../transfer/transfer.js';

/** What to download, and where to. */
export interface DownloadOrder {
  /** The name asked for, or the digest where no name points at it. */
  readonly name: string;
  readonly manifest: Manifest;
  readonly locations: readonly Location[];
  /** Absolute. */
  readonly outputPath: string;
  readonly existingFile: 'refuse' | 'replace';
  readonly timeoutMs: number | undefined;
}

export interface DownloadReport {
  readonly name: string;
  readonly digest: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly seconds: number;
  readonly bytesFromPeers: Readonly<Record<PeerId, number>>;
  readonly bytesResumed: number;
  readonly chunksRejected: number;
}

/** How far a download is. */
export interface DownloadProgress {
  readonly name: string;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** Peers that have something we lack; in the end, those that gave something. */
  readonly sources: number;
  readonly elapsedMs: number;
}

/** One file from the network to one path: open the target, keep what is proven, fetch the rest,
 *  put it in place, go on serving it. */
export class DownloadJob {
  private transfer: Transfer | undefined;
  private fetched: Fetch | undefined;
  private readonly startedMs = performance.now();
  private copiedBytes = 0;

  constructor(
    private readonly session: PeerSession,
    readonly order: DownloadOrder,
  ) {}

  get progress(): DownloadProgress {
    const { name, manifest } = this.order;
    const { transfer } = this;
    return {
      name,
      bytesDone: transfer === undefined ? this.copiedBytes : heldBytes(transfer),
      bytesTotal: manifest.sizeBytes,
      sources: transfer?.fetch?.sourceCount ?? this.fetched?.bytesFromPeers.size ?? 0,
      elapsedMs: performance.now() - this.startedMs,
    };
  }

  /** Rejects with a TransferError, or with the signal's reason; what is proven stays on disk. */
  async run({ signal }: { signal: AbortSignal }): Promise<DownloadReport> {
    const { outputPath, manifest, existingFile } = this.order;
    const mayBeDone = existingFile === 'refuse';
    const isBegunAlready = isBegun(downloadPaths(outputPath));
    if (mayBeDone && !isBegunAlready) {
      const stamp = await stampOfPresent(outputPath, manifest, { signal });
      if (stamp !== undefined) return await this.servePresent(stamp);
    }
    let target: DownloadTarget;
    try {
      target = await DownloadTarget.open({ outputPath, manifest, existingFile, signal });
    } catch (error) {
      if (!isTargetThere(error) || !mayBeDone || !isBegunAlready) throw error;
      const stamp = await stampOfPresent(outputPath, manifest, { signal });
      if (stamp === undefined) throw error;
      return await this.servePresent(stamp);
    }
    try {
      const known = this.session.transfers.get(manifest.digest);
      const [offer] = known === undefined ? [] : this.session.offers.of(known);
      if (offer === undefined) return await this.fetchInto(target, signal);
      const onCopied = (bytes: number) => (this.copiedBytes += bytes);
      await copyFromOffer(offer.file, target, { onCopied, signal });
      await this.keep(await target.finish());
      return this.report(undefined);
    } finally {
      // What went wrong before is what the user must hear of.
      await target.close().catch(() => undefined);
    }
  }

  private async fetchInto(target: DownloadTarget, signal: AbortSignal): Promise<DownloadReport> {
    const { session, order } = this;
    const { manifest } = order;
    const isProven = target.claimsTrusted === 'proven';
    const none = Bitfield.empty(manifest.chunkCount);
    const held = isProven ? target.claims.clone() : none.clone();
    const unchecked = isProven ? none : target.claims.clone();
    const transfer = new Transfer(manifest, held, target.store, session.transferHost);
    const fetch = new Fetch(transfer, target.store, session.fetchHost, 'rarestFirst');
    fetch.holdClaims(unchecked);
    this.transfer = transfer;
    this.fetched = fetch;
    const stop = (error: Error) => fetch.stop(error);
    const keeper = new RecordKeeper(target, { held, unchecked }, stop);
    try {
      checkClaims(transfer, target.store, unchecked, { signal: fetch.signal }).catch(stop);
      await runFetch(session, { transfer, fetch, order, announcing: 'at once' }, { signal });
      await keeper.close();
      await this.keepServing(transfer, await target.finish());
      return this.report(fetch);
    } catch (error) {
      session.removeTransfer(transfer, { code: 'OK', completed: false });
      await keeper.close();
      await fetch.drained();
      const claims = held.clone();
      for (const chunkIndex of unchecked.indexes()) claims.set(chunkIndex);
      const proven = isOfTheDisk(error) ? Bitfield.empty(manifest.chunkCount) : held;
      if (claims.count > 0) await target.suspend(proven, claims).catch(() => undefined);
      throw error;
    }
  }

  /** An earlier process has done it all. */
  private async servePresent(stamp: FileStamp): Promise<DownloadReport> {
    const { session, order } = this;
    const { outputPath, manifest, name } = order;
    const file = await SharedFile.open(outputPath, manifest, stamp, session.handles);
    const held = Bitfield.full(manifest.chunkCount);
    const transfer =
      session.transfers.get(manifest.digest) ??
      new Transfer(manifest, held, file, session.transferHost);
    session.addOffer(transfer, { name, file });
    const announced = name === manifest.digest ? undefined : name;
    void session.announcer.announce(transfer, [{ name: announced, naming: 'keep', arrived: true }]);
    await this.keep(stamp);
    this.copiedBytes = manifest.sizeBytes;
    return { ...this.report(undefined), bytesResumed: manifest.sizeBytes };
  }

  /** Others may go on fetching from the finished file. */
  private async keepServing(transfer: Transfer, stamp: FileStamp): Promise<void> {
    const { session, order } = this;
    const { outputPath, manifest, name } = order;
    const file = await SharedFile.open(outputPath, manifest, stamp, session.handles);
    await this.keep(stamp);
    session.offers.add(transfer, { name, file });
    transfer.readFrom(file);
    transfer.endFetch();
  }

  /** Remembers the file, so that it is served again after a restart. */
  private async keep(stamp: FileStamp): Promise<void> {
    const { name, manifest, outputPath: path } = this.order;
    const { digest } = manifest;
    const addedAt = new Date().toISOString();
    const memory = this.session.grants?.memoryOf(digest);
    const entry = { name, digest, path, stamp, origin: 'downloaded' as const, addedAt, ...memory };
    await this.session.library.put([{ entry, manifest }]);
  }

  private report(fetch: Fetch | undefined): DownloadReport {
    const figures = fetch === undefined ? undefined : figuresOf(fetch);
    return reportOf(this.order, { startedMs: this.startedMs, figures });
  }
}

function isTargetThere(error: unknown): boolean {
  return error instanceof TransferError && error.code === 'TARGET_EXISTS';
}

/** A disk that has not kept something, or failed to give it back: what else it holds is to be read
 *  again before it is believed. */
function isOfTheDisk(error: unknown): boolean {
  const codes: readonly string[] = ['SOURCE_CHANGED', 'DISK_FAILED'];
  return error instanceof TransferError && codes.includes(error.code);
}

function heldBytes({ held, manifest }: Transfer): number {
  const { chunkBytes, chunkCount, layout } = manifest;
  const lastIndex = toChunkIndex(chunkCount - 1);
  const missingAtEndBytes = held.has(lastIndex) ? chunkBytes - layout.lengthBytes(lastIndex) : 0;
  return held.count * chunkBytes - missingAtEndBytes;
}
