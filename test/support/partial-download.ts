import { buildManifest } from '../../apps/peer/src/disk/manifest-builder.js';
import { DownloadTarget } from '../../apps/peer/src/disk/download-target.js';
import { SharedFile } from '../../apps/peer/src/disk/shared-file.js';
import { HandleCache } from '../../apps/peer/src/disk/handle-cache.js';
import { Bitfield, toChunkIndex } from '#protocol';

/** Leaves at `outputPath` what a download leaves that was stopped when it had the chunks that
 *  `holds` says. Returns how many bytes that is. */
export async function leavePartial(
  sourcePath: string,
  outputPath: string,
  holds: (chunkIndex: number, chunkCount: number) => boolean,
): Promise<number> {
  const { signal } = new AbortController();
  const { manifest, stamp } = await buildManifest(sourcePath, { signal });
  await using handles = new HandleCache(1);
  await using source = await SharedFile.open(sourcePath, manifest, stamp, handles);
  await using target = await DownloadTarget.open({
    outputPath,
    manifest,
    existingFile: 'refuse',
    signal,
  });
  const stored = Bitfield.empty(manifest.chunkCount);
  let heldBytes = 0;
  for (let index = 0; index < manifest.chunkCount; index += 1) {
    if (!holds(index, manifest.chunkCount)) continue;
    const chunkIndex = toChunkIndex(index);
    await target.store.write(await source.read(chunkIndex, undefined, { signal }), { signal });
    stored.set(chunkIndex);
    heldBytes += manifest.layout.lengthBytes(chunkIndex);
  }
  await target.suspend(stored);
  return heldBytes;
}
