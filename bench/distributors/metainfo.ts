import { createHash } from 'node:crypto';
import { open, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ChunkLayout } from '#protocol';
import { bencode } from './bencode.js';

/** BitTorrent's words. Source: BEP 3. */
const CHUNK_BYTES_KEY = 'piece length';
const HASHES_KEY = 'pieces';

/** Writes BitTorrent's metainfo (version 1) of a file, or of a folder of files; its chunks are as
 *  long as ours would be. */
export async function writeMetainfo(options: {
  readonly filePath: string;
  readonly announceUrl: string;
  readonly metainfoPath: string;
}): Promise<void> {
  const { filePath, announceUrl, metainfoPath } = options;
  const isFolder = (await stat(filePath)).isDirectory();
  const names = isFolder ? (await readdir(filePath)).sort() : [];
  const paths = isFolder ? names.map((name) => join(filePath, name)) : [filePath];
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  const { chunkBytes } = ChunkLayout.forSize(totalBytes);
  const content = isFolder
    ? { files: names.map((name, index) => ({ length: sizes[index]!, path: [name] })) }
    : { length: totalBytes };
  const info = {
    name: basename(filePath),
    ...content,
    [CHUNK_BYTES_KEY]: chunkBytes,
    [HASHES_KEY]: Buffer.concat(await hashesOf(paths, chunkBytes)),
  };
  await writeFile(metainfoPath, bencode({ announce: announceUrl, info }));
}

/** Of the files' bytes, one after the other: a chunk goes on where a file ends. */
async function hashesOf(paths: readonly string[], chunkBytes: number): Promise<Buffer[]> {
  const chunk = Buffer.alloc(chunkBytes);
  const hashes: Buffer[] = [];
  let filledBytes = 0;
  const finish = () => {
    hashes.push(createHash('sha1').update(chunk.subarray(0, filledBytes)).digest());
    filledBytes = 0;
  };
  for (const path of paths) {
    const file = await open(path, 'r');
    try {
      for (;;) {
        const { bytesRead } = await file.read(chunk, filledBytes, chunkBytes - filledBytes, null);
        if (bytesRead === 0) break;
        filledBytes += bytesRead;
        if (filledBytes === chunkBytes) finish();
      }
    } finally {
      await file.close();
    }
  }
  if (filledBytes > 0) finish();
  return hashes;
}
