import { closeSync, constants, fdatasync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { writeFileAtomically } from './atomic-file.js';
import { hasErrno, onDisk, onDiskSync } from './disk-error.js';
import { syncFolder } from './folder-sync.js';
import {
  entryKey,
  parseLibraryChange,
  type LibraryChange,
  type LibraryEntry,
} from './library-entry.js';

/** Bytes read at a time; no line is longer. */
const READ_BYTES = 1024 * 1024;
/** Below this a journal is not worth compacting. */
const MIN_LINES_TO_COMPACT = 1_000;
const LINE_FEED = 0x0a;

/** The one step that takes a while: all others are not worth a trip to another thread. */
const syncData = promisify(fdatasync);

/**
 * A file of changes, one JSON object a line, that several processes append to. Each keeps the
 * entries that the changes add up to and reads on from where it was. A line that a crash cut short
 * is passed over: every batch begins with a line feed. Changes are made by one process at a time,
 * which is the caller's to see to; reading takes no lock, since the file only grows or is replaced
 * as a whole.
 */
export class LibraryJournal {
  private entries = new Map<string, LibraryEntry>();
  private lineCount = 0;
  private inode = -1n;
  private offsetBytes = 0;

  constructor(private readonly path: string) {}

  /** By {@link entryKey}; the map changes with the next call. */
  refresh(): ReadonlyMap<string, LibraryEntry> {
    onDiskSync({ path: this.path, verb: 'read' }, () => this.readOn());
    return this.entries;
  }

  /** One write and one sync for all changes. Throws TransferError DISK_FULL, DISK_PERMISSION or
   *  DISK_FAILED. */
  async append(changes: readonly LibraryChange[]): Promise<void> {
    const bytes = Buffer.from(`\n${linesOf(changes)}`);
    const { O_WRONLY, O_APPEND, O_CREAT } = constants;
    const before = await onDisk({ path: this.path, verb: 'write' }, async () => {
      const fd = openSync(this.path, O_WRONLY | O_APPEND | O_CREAT, 0o600);
      try {
        const stats = fstatSync(fd, { bigint: true });
        for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
        await syncData(fd);
        if (stats.size === 0n) await syncFolder(dirname(this.path));
        return stats;
      } finally {
        closeSync(fd);
      }
    });
    if (before.ino !== this.inode || Number(before.size) !== this.offsetBytes) {
      this.refresh();
      return;
    }
    // All before it was read: to read it back would only make second copies of all texts.
    for (const change of changes) this.apply(change);
    this.offsetBytes += bytes.length;
  }

  /** Rewrites the file without what no longer counts, once that is most of it. */
  async compactIfWorthIt(): Promise<'compacted' | 'kept'> {
    this.refresh();
    if (this.lineCount < MIN_LINES_TO_COMPACT || this.lineCount < 2 * this.entries.size) {
      return 'kept';
    }
    const puts = [...this.entries.values()].map((entry) => ({ put: entry }));
    await writeFileAtomically(this.path, Buffer.from(linesOf(puts)), { mode: 0o600 });
    return 'compacted';
  }

  private readOn(): void {
    let fd: number;
    try {
      fd = openSync(this.path, 'r');
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error;
      this.startOver(-1n);
      return;
    }
    try {
      const stats = fstatSync(fd, { bigint: true });
      if (stats.ino !== this.inode || Number(stats.size) < this.offsetBytes) {
        this.startOver(stats.ino);
      }
      this.readLines(fd, Number(stats.size));
    } finally {
      closeSync(fd);
    }
  }

  private startOver(inode: bigint): void {
    this.entries = new Map();
    this.lineCount = 0;
    this.offsetBytes = 0;
    this.inode = inode;
  }

  /** Applies whole lines; a last one without its line feed waits for the next time. */
  private readLines(fd: number, sizeBytes: number): void {
    if (this.offsetBytes >= sizeBytes) return;
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, sizeBytes - this.offsetBytes));
    for (;;) {
      const bytesRead = readSync(fd, buffer, 0, buffer.length, this.offsetBytes);
      const endBytes = buffer.subarray(0, bytesRead).lastIndexOf(LINE_FEED) + 1;
      // A buffer full of anything but lines is damage, and passed over like a torn line.
      const usedBytes = endBytes === 0 && bytesRead === READ_BYTES ? bytesRead : endBytes;
      if (usedBytes === 0) return;
      for (const line of buffer.toString('utf8', 0, endBytes).split('\n')) this.applyLine(line);
      this.offsetBytes += usedBytes;
    }
  }

  private applyLine(line: string): void {
    if (line === '') return;
    const change = parseLibraryChange(line);
    if (change === undefined) this.lineCount += 1;
    else this.apply(change);
  }

  private apply(change: LibraryChange): void {
    this.lineCount += 1;
    if ('put' in change) this.entries.set(entryKey(change.put), change.put);
    else this.entries.delete(entryKey(change.remove));
  }
}

function linesOf(changes: readonly LibraryChange[]): string {
  return changes.map((change) => `${JSON.stringify(change)}\n`).join('');
}
