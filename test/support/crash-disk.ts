import { dirname } from 'node:path';
import type { DiskStep } from './disk-recording.js';
import { RecordedFile, type CrashedFile, type Fate } from './recorded-file.js';

/** What a power cut leaves: folders, and files by their paths. */
export interface CrashedDisk {
  readonly folders: readonly string[];
  readonly files: ReadonlyMap<string, CrashedFile>;
}

/** How a disk behaves in a power cut: what becomes of unsynced names, of unsynced data, and of the
 *  times of changes. */
export interface Behaviour {
  readonly names: Fate;
  readonly data: Fate;
  readonly times: Fate;
}

type Named = RecordedFile | 'folder' | undefined;

/** A change of names that is kept or lost as a whole, but for what a synced folder has kept. */
type NameChange = Map<string, Named>;

/**
 * Does again what was recorded, step by step, and tells after each what a power cut may leave. It
 * promises only what the system promises: data that was synced, and names whose folder was synced
 * after they changed. All else may be there or not, in any order, and each page of a write for
 * itself. Below the root everything that was there before the recording is on the disk.
 */
export class CrashDisk {
  private readonly names: Map<string, Named>;
  private readonly durableNames: Map<string, Named>;
  private readonly nameChanges = new Set<NameChange>();
  private readonly files = new Map<string, RecordedFile>();
  /** What has begun and not ended. */
  private readonly underWay = new Map<number, (outcome: 'done' | 'failed') => void>();

  constructor(
    private readonly root: string,
    before: CrashedDisk,
  ) {
    this.durableNames = new Map(before.folders.map((path) => [path, 'folder']));
    for (const [path, { inode, bytes, mtimeNs }] of before.files) {
      const file =
        this.files.get(inode) ??
        new RecordedFile(inode, { bytes, ...(mtimeNs === undefined ? {} : { mtimeNs }) });
      this.files.set(inode, file);
      this.durableNames.set(path, file);
    }
    this.names = new Map(this.durableNames);
  }

  take(step: DiskStep): void {
    switch (step.did) {
      case 'created': {
        const file = new RecordedFile(step.inode);
        this.files.set(step.inode, file);
        return this.rename([step.path, file]);
      }
      case 'linked':
        return this.rename([step.path, this.file(step.inode)]);
      case 'madeFolder':
        return this.rename([step.path, 'folder']);
      case 'removed':
        return this.rename([step.path, undefined]);
      case 'renamed':
        return this.rename([step.from, undefined], [step.to, this.names.get(step.from)]);
      case 'looked':
        return this.file(step.inode).lookedAt(step.mtimeNs);
      case 'write': {
        const bytes = Buffer.from(step.data, 'base64');
        return this.begin(step.id, this.file(step.inode).write(step.offset, bytes));
      }
      case 'truncated':
        return this.begin(step.id, this.file(step.inode).resize(step.sizeBytes));
      case 'sync':
        return this.begin(step.id, this.file(step.inode).sync(step.kind));
      case 'syncFolder':
        return this.begin(
          step.id,
          this.syncNames((path) => dirname(path) === step.path),
        );
      case 'syncAll':
        return this.begin(step.id, this.syncEverything());
      case 'ended':
        this.underWay.get(step.id)?.(step.outcome);
        this.underWay.delete(step.id);
    }
  }

  /** `random` returns numbers from 0 to 1. */
  crashed({ names: fate, data, times }: Behaviour, random: () => number): CrashedDisk {
    const names = new Map(this.durableNames);
    for (const change of this.nameChanges) {
      if (fate === 'lost' || (fate === 'some' && random() < 0.5)) continue;
      for (const [path, named] of change) names.set(path, named);
    }
    const isReachable = (path: string): boolean => {
      const folder = dirname(path);
      return folder === this.root || (names.get(folder) === 'folder' && isReachable(folder));
    };
    const folders: string[] = [];
    const files = new Map<string, CrashedFile>();
    const crashed = new Map<RecordedFile, CrashedFile>();
    for (const [path, named] of [...names].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (named === undefined || !isReachable(path)) continue;
      if (named === 'folder') {
        folders.push(path);
        continue;
      }
      const file = crashed.get(named) ?? named.crashed({ data, times }, random);
      crashed.set(named, file);
      files.set(path, file);
    }
    return { folders, files };
  }

  private file(inode: string): RecordedFile {
    const file = this.files.get(inode);
    if (file === undefined) throw new Error(`inode ${inode} was never recorded`);
    return file;
  }

  private rename(...entries: [string, Named][]): void {
    const change: NameChange = new Map(entries);
    for (const [path, named] of change) this.names.set(path, named);
    this.nameChanges.add(change);
  }

  private begin(id: number | undefined, end: (outcome: 'done' | 'failed') => void): void {
    if (id === undefined) end('done');
    else this.underWay.set(id, end);
  }

  private syncNames(isCovered: (path: string) => boolean): (outcome: 'done' | 'failed') => void {
    const before = [...this.nameChanges];
    return (outcome) => {
      if (outcome === 'failed') return;
      for (const change of before) {
        for (const [path, named] of change) {
          if (!isCovered(path)) continue;
          this.durableNames.set(path, named);
          change.delete(path);
        }
        if (change.size === 0) this.nameChanges.delete(change);
      }
    };
  }

  private syncEverything(): (outcome: 'done' | 'failed') => void {
    const all = [...new Set(this.files.values())].map((file) => file.sync('all'));
    all.push(this.syncNames(() => true));
    return (outcome) => {
      for (const end of all) end(outcome);
    };
  }
}
