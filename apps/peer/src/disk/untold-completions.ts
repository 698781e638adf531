import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDigest, type Digest } from '#protocol';
import { hasErrno, onDisk } from './disk-error.js';
import { syncFolder } from './folder-sync.js';
import { makeLastingFolder } from './lasting-folder.js';

const DIGEST_PREFIX = 'b3:';
/** Told at one contact with the tracker; the others have their turn at the next. */
const MAX_LISTED = 1_000;

/** Files that arrived whole while the tracker was away, so that it does not know of it: one empty
 *  file each, named after the digest. Several processes may add and remove at once. All methods
 *  throw TransferError on disk errors. */
export class UntoldCompletions {
  /** Absolute; made at first use. */
  constructor(private readonly folder: string) {}

  /** The first of them, in no order. */
  async list(): Promise<Digest[]> {
    const names = await onDisk({ path: this.folder, verb: 'read' }, async () => {
      try {
        return await readdir(this.folder);
      } catch (error) {
        if (hasErrno(error, 'ENOENT')) return [];
        throw error;
      }
    });
    return names
      .map((name) => DIGEST_PREFIX + name)
      .filter(isDigest)
      .slice(0, MAX_LISTED);
  }

  /** They are on disk when it resolves. */
  async add(digests: readonly Digest[]): Promise<void> {
    await onDisk({ path: this.folder, verb: 'write' }, async () => {
      await makeLastingFolder(this.folder, { mode: 0o700 });
      for (const digest of digests) await writeFile(this.pathOf(digest), '', { mode: 0o600 });
      await syncFolder(this.folder);
    });
  }

  async remove(digests: readonly Digest[]): Promise<void> {
    await onDisk({ path: this.folder, verb: 'write' }, async () => {
      for (const digest of digests) await rm(this.pathOf(digest), { force: true });
    });
  }

  private pathOf(digest: Digest): string {
    return join(this.folder, digest.slice(DIGEST_PREFIX.length));
  }
}
