import { lstatSync } from 'node:fs';
import { MIN_CHUNK_BYTES, type Manifest } from '#protocol';
import { onDiskSync } from './disk-error.js';
import type { FileStamp } from './file-stamp.js';
import { buildManifest, buildSmallManifest } from './manifest-builder.js';

/** For one small file after the other, each read and hashed in one go. */
let scratch: Buffer | undefined;

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
  const built = buildSmallManifest(path, (scratch ??= Buffer.allocUnsafeSlow(MIN_CHUNK_BYTES)));
  const { manifest: present, stamp } = built ?? (await buildManifest(path, { signal }));
  return present.digest === manifest.digest ? stamp : undefined;
}
