import type { FileHandle } from 'node:fs/promises';

interface OpenFile {
  readonly opening: Promise<FileHandle>;
  /** Reads under way. */
  userCount: number;
  /** Dropped from the cache; closes when its last user is done. */
  isForgotten: boolean;
}

/** Keeps the most recently used files open, so that serving 10,000 shared files does not take
 *  10,000 descriptors. More than `maxOpenCount` are open only while that many are being read. */
export class HandleCache {
  /** Least recently used first. */
  private readonly openFiles = new Map<string, OpenFile>();
  private readonly closing = new Set<Promise<void>>();

  constructor(private readonly maxOpenCount: number) {}

  get openCount(): number {
    return this.openFiles.size;
  }

  /** Runs `work` with the open file named `key`, opening it first if need be. */
  async use<T>(
    key: string,
    open: () => Promise<FileHandle>,
    work: (handle: FileHandle) => Promise<T>,
  ): Promise<T> {
    const file = this.openFiles.get(key) ?? { opening: open(), userCount: 0, isForgotten: false };
    this.openFiles.delete(key);
    this.openFiles.set(key, file);
    file.userCount += 1;
    this.evict();
    try {
      return await work(await this.opened(key, file));
    } finally {
      file.userCount -= 1;
      if (file.isForgotten && file.userCount === 0) this.closeSoon(file);
      this.evict();
    }
  }

  /** Closes the file as soon as nobody reads it; resolves at once when somebody still does. */
  async forget(key: string): Promise<void> {
    this.drop(key);
    await Promise.all(this.closing);
  }

  /** The caller has ended all uses. */
  async close(): Promise<void> {
    for (const key of [...this.openFiles.keys()]) this.drop(key);
    await Promise.all(this.closing);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async opened(key: string, file: OpenFile): Promise<FileHandle> {
    try {
      return await file.opening;
    } catch (error) {
      if (this.openFiles.get(key) === file) this.openFiles.delete(key);
      throw error;
    }
  }

  private evict(): void {
    if (this.openFiles.size <= this.maxOpenCount) return;
    for (const [key, file] of this.openFiles) {
      if (file.userCount > 0) continue;
      this.drop(key);
      if (this.openFiles.size <= this.maxOpenCount) return;
    }
  }

  private drop(key: string): void {
    const file = this.openFiles.get(key);
    if (file === undefined) return;
    this.openFiles.delete(key);
    file.isForgotten = true;
    if (file.userCount === 0) this.closeSoon(file);
  }

  private closeSoon(file: OpenFile): void {
    // A file that was only read has nothing left to lose when closing it fails.
    const closed = file.opening.then((handle) => handle.close()).catch(() => undefined);
    this.closing.add(closed);
    void closed.then(() => this.closing.delete(closed));
  }
}
