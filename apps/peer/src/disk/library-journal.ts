import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileAtomically } from './atomic-file.js';
import { hasErrno, onDisk } from './disk-error.js';
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
  private lastRefresh: Promise<unknown> = Promise.resolve();

  constructor(private readonly path: string) {}

  /** By {@link entryKey}; the map changes with the next call. */
  refresh(): Promise<ReadonlyMap<string, LibraryEntry>> {
    const refreshed = this.lastRefresh
      .catch(() => undefined)
      .then(() => onDisk({ path: this.path, verb: 'read' }, () => this.readOn()))
      .then(() => this.entries);
    this.lastRefresh = refreshed;
    return refreshed;
  }

  /** One write and one sync for all changes. Throws TransferError DISK_FULL, DISK_PERMISSION or
   *  DISK_FAILED. */
  async append(changes: readonly LibraryChange[]): Promise<void> {
    const bytes = Buffer.from(`\n${linesOf(changes)}`);
    const { O_WRONLY, O_APPEND, O_CREAT } = constants;
    await onDisk({ path: this.path, verb: 'write' }, async () => {
      const handle = await open(this.path, O_WRONLY | O_APPEND | O_CREAT, 0o600);
      try {
        const { size } = await handle.stat();
        await handle.appendFile(bytes);
        await handle.datasync();
        if (size === 0) await syncFolder(dirname(this.path));
      } finally {
        await handle.close();
      }
    });
    await this.refresh();
  }

  /** Rewrites the file without what no longer counts, once that is most of it. */
  async compactIfWorthIt(): Promise<'compacted' | 'kept'> {
    await this.refresh();
    if (this.lineCount < MIN_LINES_TO_COMPACT || this.lineCount < 2 * this.entries.size) {
      return 'kept';
    }
    const puts = [...this.entries.values()].map((entry) => ({ put: entry }));
    await writeFileAtomically(this.path, Buffer.from(linesOf(puts)), { mode: 0o600 });
    return 'compacted';
  }

  private async readOn(): Promise<void> {
    let handle: FileHandle;
    try {
      handle = await open(this.path, 'r');
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error;
      this.startOver(-1n);
      return;
    }
    try {
      const stats = await handle.stat({ bigint: true });
      if (stats.ino !== this.inode || Number(stats.size) < this.offsetBytes) {
        this.startOver(stats.ino);
      }
      await this.readLines(handle, Number(stats.size));
    } finally {
      await handle.close();
    }
  }

  private startOver(inode: bigint): void {
    this.entries = new Map();
    this.lineCount = 0;
    this.offsetBytes = 0;
    this.inode = inode;
  }

  /** Applies whole lines; a last one without its line feed waits for the next time. */
  private async readLines(handle: FileHandle, sizeBytes: number): Promise<void> {
    if (this.offsetBytes >= sizeBytes) return;
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, sizeBytes - this.offsetBytes));
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, this.offsetBytes);
      const endBytes = buffer.subarray(0, bytesRead).lastIndexOf(LINE_FEED) + 1;
      // A buffer full of anything but lines is damage, and passed over like a torn line.
      const usedBytes = endBytes === 0 && bytesRead === READ_BYTES ? bytesRead : endBytes;
      if (usedBytes === 0) return;
      for (const line of buffer.toString('utf8', 0, endBytes).split('\n')) this.apply(line);
      this.offsetBytes += usedBytes;
    }
  }

  private apply(line: string): void {
    if (line === '') return;
    this.lineCount += 1;
    const change = parseLibraryChange(line);
    if (change === undefined) return;
    if ('put' in change) this.entries.set(entryKey(change.put), change.put);
    else this.entries.delete(entryKey(change.remove));
  }
}

function linesOf(changes: readonly LibraryChange[]): string {
  return changes.map((change) => `${JSON.stringify(change)}\n`).join('');
}
