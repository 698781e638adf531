import { lstatSync } from 'node:fs';
import type { Manifest } from '#protocol';
import { onDiskSync } from './disk-error.js';
import type { FileStamp } from './file-stamp.js';
import { buildManifest } from './manifest-builder.js';

/** The stamp of the regular file at `path` when every byte of it is the manifest's; undefined for
 *  anything else. Throws TransferError SOURCE_CHANGED or a disk's, or the signal's reason. */
export async function stampOfPresent(
  path: string,
  manifest: Manifest,
  { signal }: { signal: AbortSignal },
): Promise<FileStamp | undefined> {
  const stats = onDiskSync({ path, verb: 'look at' }, () =>
    lstatSync(path, { throwIfNoEntry: false }),
  );
  if (stats?.isFile() !== true || stats.size !== manifest.sizeBytes) return undefined;
  const built = await buildManifest(path, { signal });
  return built.manifest.digest === manifest.digest ? built.stamp : undefined;
}
