import { readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Manifest, ProtocolError, type Digest } from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import { writeFileAtomically } from './atomic-file.js';
import { onDisk } from './disk-error.js';
import { makeLastingFolder } from './lasting-folder.js';

const SUFFIX = '.manifest';

/** A folder of manifests in their canonical bytes, each in a file named after its digest. */
export class ManifestFiles {
  constructor(private readonly folder: string) {}

  /** Writes it unless it is there, undamaged. */
  async put(manifest: Manifest): Promise<void> {
    const isThere = await this.read(manifest.digest).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await onDisk({ path: this.folder, verb: 'create' }, () =>
      makeLastingFolder(this.folder, { mode: 0o700 }),
    );
    await writeFileAtomically(this.pathOf(manifest.digest), manifest.canonicalBytes());
  }

  /** Throws TransferError DISK_FAILED when it is missing or damaged. */
  async read(digest: Digest): Promise<Manifest> {
    const path = this.pathOf(digest);
    const bytes = await onDisk({ path, verb: 'read' }, () => readFile(path));
    try {
      const manifest = Manifest.fromCanonicalBytes(bytes);
      if (manifest.digest === digest) return manifest;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
    throw new TransferError('DISK_FAILED', `${path} is damaged`);
  }

  async remove(digest: Digest): Promise<void> {
    const path = this.pathOf(digest);
    await onDisk({ path, verb: 'remove' }, () => rm(path, { force: true }));
  }

  /** Removes whatever is not the manifest of one of `digests`. */
  async keepOnly(digests: ReadonlySet<Digest>): Promise<void> {
    const kept = new Set([...digests].map(fileNameOf));
    for (const name of this.fileNames()) {
      if (!kept.has(name)) await rm(join(this.folder, name), { force: true });
    }
  }

  private fileNames(): string[] {
    try {
      return readdirSync(this.folder);
    } catch {
      return [];
    }
  }

  private pathOf(digest: Digest): string {
    return join(this.folder, fileNameOf(digest));
  }
}

function fileNameOf(digest: Digest): string {
  return `${digest.slice('b3:'.length)}${SUFFIX}`;
}
