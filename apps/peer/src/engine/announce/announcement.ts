import {
  MAX_RANGES_PER_FILE,
  type ChunkIndex,
  type ChunkRegisterFile,
  type FileResult,
  type GroupName,
  type RegisterFile,
} from '#protocol';
import type { Transfer } from '../transfer/transfer.js';

export interface AnnouncedName {
  /** Undefined: take part in the swarm of a digest without naming it. */
  readonly name: string | undefined;
  readonly naming: RegisterFile['naming'];
  /** Groups that may have the file by this name; undefined: every member. */
  readonly allow?: readonly GroupName[] | undefined;
  /** All of the file was here when it was to be downloaded: a completion, too. */
  readonly arrived?: true;
}

interface NameEntry {
  readonly name: string | undefined;
  /** Whom the name is for only the tracker knows: one that has forgotten it is not told of the name,
   *  which it would take to be for everybody. */
  isKeptBack: boolean;
  naming: RegisterFile['naming'];
  allow: readonly GroupName[] | undefined;
  waiting: readonly ((result: FileResult) => void)[];
}

/** Shared: a process may have a hundred thousand files, nearly all of which nobody waits for. */
const NOBODY: NameEntry['waiting'] = [];

/** What the tracker was told, and is still to be told, of one transfer. */
export class Announcement {
  isRegistered = false;
  /** Of few files there is more than one name. */
  private entries: NameEntry[] = [];
  /** Stored since the last report; undefined when nothing is. */
  private gained: Set<ChunkIndex> | undefined;
  private reported: ReadonlySet<ChunkIndex> | undefined;
  private hasArrived = false;
  private isReportComplete = false;
  private isCompletionTold = false;

  constructor(readonly transfer: Transfer) {}

  /** The file became complete here, and the tracker has not confirmed that it knows. */
  get owesCompletion(): boolean {
    return this.hasArrived && !this.isCompletionTold && this.transfer.heldByOwner().isComplete;
  }

  get names(): readonly Pick<NameEntry, 'name' | 'isKeptBack' | 'naming' | 'allow'>[] {
    return this.entries;
  }

  /** Something was stored since the last report. */
  get hasGained(): boolean {
    return this.gained !== undefined;
  }

  gain(chunkIndex: ChunkIndex): void {
    this.hasArrived = true;
    this.gained ??= new Set();
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
      names.map(({ name, naming, allow }) => {
        const entry = this.entryOf(name, naming);
        entry.naming = naming;
        entry.allow = allow;
        if (naming !== 'keep') entry.isKeptBack = false;
        return new Promise<FileResult>((resolve) => {
          entry.waiting = [...entry.waiting, resolve];
        });
      }),
    );
  }

  /** Once registered a name is only kept: a later registration must not move it back. */
  settle(name: string | undefined, result: FileResult): void {
    const entry = this.entries.find((known) => known.name === name);
    if (entry === undefined) return;
    if (result.ok) {
      entry.naming = 'keep';
      entry.isKeptBack ||= result.restricted === true && entry.allow === undefined;
    } else {
      this.entries = this.entries.filter((other) => other !== entry);
    }
    for (const resolve of entry.waiting) resolve(result);
    entry.waiting = NOBODY;
  }

  /** The file will not be registered: whoever waits for that is told so. */
  withdraw(): void {
    const message = 'it was withdrawn before the tracker had it';
    for (const { name } of this.entries) {
      this.settle(name, { ok: false, code: 'INTERNAL', message });
    }
  }

  /** What was stored since the last report. Undefined when that is more ranges than a message may
   *  have: then the whole registration is due, which says it in fewer bytes. */
  beginReport(): ChunkRegisterFile | undefined {
    this.reported = this.gained;
    this.gained = undefined;
    this.isReportComplete = this.transfer.heldByOwner().isComplete;
    const ranges: [number, number][] = [];
    for (const index of [...(this.reported ?? [])].sort((a, b) => a - b)) {
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
    this.reported = undefined;
    if (result?.ok !== true) this.isRegistered = false;
    else if (this.isReportComplete) this.completionTold();
  }

  abandonReport(): void {
    if (this.reported !== undefined)
      this.gained = new Set([...this.reported, ...(this.gained ?? [])]);
    this.reported = undefined;
  }

  private entryOf(name: string | undefined, naming: RegisterFile['naming']): NameEntry {
    const known = this.entries.find((entry) => entry.name === name);
    if (known !== undefined) return known;
    const entry = { name, isKeptBack: false, naming, allow: undefined, waiting: NOBODY };
    // Exactly as long as it is: a list that grows has room for seventeen.
    this.entries = this.entries.concat(entry);
    return entry;
  }
}
