import { createHash } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ChunkLayout } from '#protocol';
import { bencode } from './bencode.js';

/** BitTorrent's words. Source: BEP 3. */
const CHUNK_BYTES_KEY = 'piece length';
const HASHES_KEY = 'pieces';

/** Writes BitTorrent's metainfo (version 1) of a file; its chunks are as long as ours. */
export async function writeMetainfo(options: {
  readonly filePath: string;
  readonly announceUrl: string;
  readonly metainfoPath: string;
}): Promise<void> {
  const { filePath, announceUrl, metainfoPath } = options;
  const file = await open(filePath, 'r');
  try {
    const { size } = await file.stat();
    const { chunkBytes } = ChunkLayout.forSize(size);
    const chunk = Buffer.alloc(chunkBytes);
    const hashes: Buffer[] = [];
    for (let offset = 0; offset < size; offset += chunkBytes) {
      const { bytesRead } = await file.read(chunk, 0, chunkBytes, offset);
      hashes.push(createHash('sha1').update(chunk.subarray(0, bytesRead)).digest());
    }
    const info = {
      name: basename(filePath),
      length: size,
      [CHUNK_BYTES_KEY]: chunkBytes,
      [HASHES_KEY]: Buffer.concat(hashes),
    };
    await writeFile(metainfoPath, bencode({ announce: announceUrl, info }));
  } finally {
    await file.close();
  }
}
