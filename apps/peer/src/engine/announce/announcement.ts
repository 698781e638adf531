import {
  MAX_RANGES_PER_FILE,
  type ChunkIndex,
  type ChunkRegisterFile,
  type FileResult,
  type RegisterFile,
} from '#protocol';
import type { Transfer } from '../transfer/transfer.js';

export interface AnnouncedName {
  /** Undefined: take part in the swarm of a digest without naming it. */
  readonly name: string | undefined;
  readonly naming: RegisterFile['naming'];
  /** All of the file was here when it was to be downloaded: a completion, too. */
  readonly arrived?: true;
}

interface NameEntry {
  naming: RegisterFile['naming'];
  resolve: ((result: FileResult) => void)[];
}

/** What the tracker was told, and is still to be told, of one transfer. */
export class Announcement {
  isRegistered = false;
  /** Stored since the last report. */
  gained = new Set<ChunkIndex>();
  readonly names = new Map<string | undefined, NameEntry>();
  private reported = new Set<ChunkIndex>();
  private hasArrived = false;
  private isReportComplete = false;
  private isCompletionTold = false;

  constructor(readonly transfer: Transfer) {}

  /** The file became complete here, and the tracker has not confirmed that it knows. */
  get owesCompletion(): boolean {
    return this.hasArrived && !this.isCompletionTold && this.transfer.heldByOwner().isComplete;
  }

  gain(chunkIndex: ChunkIndex): void {
    this.hasArrived = true;
    this.gained.add(chunkIndex);
  }

  /** The tracker has taken a registration or report in which nothing was missing. */
  completionTold(): void {
    this.isCompletionTold = true;
  }

  /** Resolves with one result for each name. */
  add(names: readonly AnnouncedName[]): Promise<readonly FileResult[]> {
    this.isRegistered = false;
    this.hasArrived ||= names.some(({ arrived }) => arrived === true);
    return Promise.all(
      names.map(({ name, naming }) => {
        const entry = this.names.get(name) ?? { naming, resolve: [] };
        entry.naming = naming;
        this.names.set(name, entry);
        return new Promise<FileResult>((resolve) => entry.resolve.push(resolve));
      }),
    );
  }

  /** Once registered a name is only kept: a later registration must not move it back. */
  settle(name: string | undefined, result: FileResult): void {
    const entry = this.names.get(name);
    if (entry === undefined) return;
    if (result.ok) entry.naming = 'keep';
    else this.names.delete(name);
    for (const resolve of entry.resolve) resolve(result);
    entry.resolve = [];
  }

  /** The file will not be registered: whoever waits for that is told so. */
  withdraw(): void {
    const message = 'it was withdrawn before the tracker had it';
    for (const name of [...this.names.keys()]) {
      this.settle(name, { ok: false, code: 'INTERNAL', message });
    }
  }

  /** What was stored since the last report. Undefined when that is more ranges than a message may
   *  have: then the whole registration is due, which says it in fewer bytes. */
  beginReport(): ChunkRegisterFile | undefined {
    this.reported = this.gained;
    this.gained = new Set();
    this.isReportComplete = this.transfer.heldByOwner().isComplete;
    const ranges: [number, number][] = [];
    for (const index of [...this.reported].sort((a, b) => a - b)) {
      const range = ranges.at(-1);
      if (range?.[1] === index - 1) range[1] = index;
      else ranges.push([index, index]);
    }
    if (ranges.length <= MAX_RANGES_PER_FILE) return { digest: this.transfer.digest, ranges };
    this.endReport(undefined);
    return undefined;
  }

  /** A tracker that does not know of us in this swarm gets a whole registration instead. */
  endReport(result: FileResult | undefined): void {
    this.reported.clear();
    if (result?.ok !== true) this.isRegistered = false;
    else if (this.isReportComplete) this.completionTold();
  }

  abandonReport(): void {
    for (const chunkIndex of this.reported) this.gained.add(chunkIndex);
    this.reported.clear();
  }
}
