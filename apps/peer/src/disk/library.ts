import { join } from 'node:path';
import { Manifest, type Digest } from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import { watchFile } from './file-watch.js';
import {
  entryKey,
  hasManifestFile,
  libraryEntry,
  type LibraryEntry,
  type NewLibraryEntry,
} from './library-entry.js';
import { LibraryJournal } from './library-journal.js';
import { holdingLock } from './lock-file.js';
import { ManifestFiles } from './manifest-files.js';

const JOURNAL_NAME = 'library.ndjson';

interface Addition {
  readonly entry: NewLibraryEntry;
  readonly manifest: Manifest;
}

/** Additions that go into one write. */
interface Batch {
  readonly added: Addition[];
  readonly done: Promise<void>;
}

/** What this home has shared and downloaded, kept on disk for all of its processes. Holds nothing
 *  open between calls. All methods throw TransferError on disk errors. */
export class Library {
  private readonly journal: LibraryJournal;
  private readonly manifests: ManifestFiles;
  /** The one that takes more. */
  private batch: Batch | undefined;
  private lastChange: Promise<unknown> = Promise.resolve();

  /** `folder` is the home's, and exists. */
  constructor(private readonly folder: string) {
    this.journal = new LibraryJournal(join(folder, JOURNAL_NAME));
    this.manifests = new ManifestFiles(join(folder, 'manifests'));
  }

  entries(): Promise<LibraryEntry[]> {
    return Promise.resolve().then(() => [...this.journal.refresh().values()]);
  }

  /** Adds entries, each in the place of one with the same name and path. They are on disk when it
   *  resolves: one write and one sync for all, and a file for each manifest of several chunks. */
  put(added: readonly Addition[]): Promise<void> {
    if (added.length === 0) return Promise.resolve();
    // Whatever is added while another change is being written goes into one write after it.
    const batch = (this.batch ??= this.newBatch());
    batch.added.push(...added);
    return batch.done;
  }

  /** Forgets all entries of the name, or the one of that path; returns them. */
  async remove(which: { name: string; path?: string }): Promise<LibraryEntry[]> {
    return this.change(async () => {
      const entries = [...this.journal.refresh().values()].filter(
        ({ name, path }) => name === which.name && (which.path ?? path) === path,
      );
      if (entries.length === 0) return entries;
      await this.journal.append(entries.map(({ name, path }) => ({ remove: { name, path } })));
      await this.tidy(entries);
      return entries;
    });
  }

  /** Throws TransferError DISK_FAILED when the library no longer has it undamaged. */
  async manifestOf(entry: LibraryEntry): Promise<Manifest> {
    if (hasManifestFile(entry)) return this.manifests.read(entry.digest);
    const { sizeBytes } = entry.stamp;
    const hashes = Uint8Array.from(Buffer.from(entry.chunkHash ?? '', 'hex'));
    const isWhole = hashes.length > 0 === sizeBytes > 0;
    const manifest = isWhole ? Manifest.fromHashes({ sizeBytes, hashes }) : undefined;
    if (manifest?.digest === entry.digest) return manifest;
    throw new TransferError('DISK_FAILED', `the library's entry of ${entry.name} is damaged`);
  }

  /** Calls back after the library changed, by this process or another, until the signal. */
  watch(onChange: () => void, { signal }: { signal: AbortSignal }): void {
    watchFile({ folder: this.folder, name: JOURNAL_NAME }, onChange, { signal });
  }

  /** Takes additions until it is being written, or until it is clear that it cannot be. */
  private newBatch(): Batch {
    const added: Addition[] = [];
    const seal = () => {
      if (this.batch?.added === added) this.batch = undefined;
    };
    const written = this.change(() => {
      seal();
      return this.putNow(added);
    });
    return { added, done: written.finally(seal) };
  }

  private async putNow(added: readonly Addition[]): Promise<void> {
    const entries = added.map(({ entry, manifest }) => libraryEntry(entry, manifest));
    const before = this.journal.refresh();
    const displaced = entries.flatMap((entry) => before.get(entryKey(entry)) ?? []);
    for (const { manifest } of added) {
      if (manifest.chunkCount > 1) await this.manifests.put(manifest);
    }
    await this.journal.append(entries.map((entry) => ({ put: entry })));
    await this.tidy(displaced);
  }

  /** One change of this process after the other: only the first of them stands in line with other
   *  processes. */
  private change<T>(work: () => Promise<T>): Promise<T> {
    const lockPath = join(this.folder, 'library.lock');
    const result = this.lastChange.then(() => holdingLock(lockPath, work));
    this.lastChange = result.catch(() => undefined);
    return result;
  }

  /** Drops the manifests that only `displaced` entries needed, and now and then all garbage. */
  private async tidy(displaced: readonly LibraryEntry[]): Promise<void> {
    const outcome = await this.journal.compactIfWorthIt();
    const orphans = new Set(displaced.filter(hasManifestFile).map(({ digest }) => digest));
    if (outcome === 'kept' && orphans.size === 0) return;
    const entries = this.journal.refresh().values();
    const needed = new Set<Digest>();
    for (const entry of entries) if (hasManifestFile(entry)) needed.add(entry.digest);
    if (outcome === 'compacted') await this.manifests.keepOnly(needed);
    for (const digest of orphans) if (!needed.has(digest)) await this.manifests.remove(digest);
  }
}
