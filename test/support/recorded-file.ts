const PAGE_BYTES = 4096;

/** What may be left of what was not synced: everything, nothing, or whatever the dice say. */
export type Fate = 'kept' | 'lost' | 'some';

/** A file as a power cut may leave it. */
export interface CrashedFile {
  readonly bytes: Buffer;
  readonly inode: string;
  /** As the recorded program saw it last; undefined for a time that it has not looked at. */
  readonly mtimeNs: string | undefined;
}

/** One write, or one change of the length, that has not been synced. */
interface Change {
  readonly offset: number;
  /** Undefined: from `offset` on there is nothing, and nothing lies before it that was not there. */
  readonly bytes: Buffer | undefined;
  hasEnded: boolean;
}

/** One file of a recording: what of it is on the disk for certain, and what has been done since. */
export class RecordedFile {
  private durable: Buffer;
  private readonly changes = new Set<Change>();
  /** Counts the changes; what was looked at, and what is durable, is one such version. */
  private version = 0;
  private durableVersion = 0;
  private readonly mtimes = new Map<number, string>();

  constructor(
    readonly inode: string,
    before: { readonly bytes: Buffer; readonly mtimeNs?: string } = { bytes: Buffer.alloc(0) },
  ) {
    this.durable = before.bytes;
    if (before.mtimeNs !== undefined) this.mtimes.set(0, before.mtimeNs);
  }

  /** The system has been asked to write; what it is called with says how that ended. */
  write(offset: number, bytes: Buffer): (outcome: 'done' | 'failed') => void {
    return this.change({ offset, bytes, hasEnded: false });
  }

  /** As {@link write}. */
  resize(sizeBytes: number): (outcome: 'done' | 'failed') => void {
    return this.change({ offset: sizeBytes, bytes: undefined, hasEnded: false });
  }

  /** A sync covers what had ended before it began, once it has ended itself. */
  sync(kind: 'all' | 'data'): (outcome: 'done' | 'failed') => void {
    const covered = [...this.changes].filter(({ hasEnded }) => hasEnded);
    const { version } = this;
    return (outcome) => {
      if (outcome === 'failed') return;
      const stillCovered = covered.filter((change) => this.changes.delete(change));
      this.durable = withChanges(this.durable, stillCovered, () => true);
      if (kind === 'all') this.durableVersion = version;
    };
  }

  /** The program was told the time of the last change. */
  lookedAt(mtimeNs: string): void {
    this.mtimes.set(this.version, mtimeNs);
  }

  /** With every change: as whoever looks at it while the machine runs. */
  get bytes(): Buffer {
    return this.crashed({ data: 'kept', times: 'kept' }, () => 0).bytes;
  }

  /** `random` returns numbers from 0 to 1. */
  crashed(fate: { data: Fate; times: Fate }, random: () => number): CrashedFile {
    const happens = (of: Fate) => of === 'kept' || (of === 'some' && random() < 0.5);
    let bytes = withChanges(this.durable, this.changes, () => happens(fate.data));
    // The length is kept apart from the data, and may lag behind.
    if (fate.data === 'some' && bytes.length > this.durable.length && random() < 0.5) {
      bytes = bytes.subarray(0, this.durable.length);
    }
    const version = happens(fate.times) ? this.version : this.durableVersion;
    return { bytes, inode: this.inode, mtimeNs: this.mtimes.get(version) };
  }

  private change(change: Change): (outcome: 'done' | 'failed') => void {
    this.changes.add(change);
    this.version += 1;
    return (outcome) => {
      change.hasEnded = true;
      if (outcome === 'failed') this.changes.delete(change);
    };
  }
}

/** The bytes after those changes of the length, and those pages of each write, that are kept. */
function withChanges(before: Buffer, changes: Iterable<Change>, isKept: () => boolean): Buffer {
  let after = before;
  const isOwn = () => after !== before;
  for (const { offset, bytes } of changes) {
    if (bytes === undefined) {
      if (isKept()) after = resized(after, offset);
      continue;
    }
    for (let start = 0; start < bytes.length;) {
      const end = Math.min(bytes.length, start + PAGE_BYTES - ((offset + start) % PAGE_BYTES));
      if (isKept()) {
        const isTooShort = after.length < offset + end;
        if (isTooShort || !isOwn()) after = resized(after, Math.max(after.length, offset + end));
        bytes.copy(after, offset + start, start, end);
      }
      start = end;
    }
  }
  return after;
}

function resized(bytes: Buffer, sizeBytes: number): Buffer {
  const copy = Buffer.alloc(sizeBytes);
  bytes.copy(copy, 0, 0, sizeBytes);
  return copy;
}
