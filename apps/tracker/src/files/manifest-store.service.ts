import { Injectable } from '@nestjs/common';
import { HASH_BYTES, MAX_HASHES_PER_MESSAGE } from '#protocol';
import type { Sql } from '../store/sql.js';
import type { FileRecord } from './file-record.js';

/** Chunk hashes of known files, in pages of MAX_HASHES_PER_MESSAGE. */
@Injectable()
export class ManifestStore {
  /** For a manifest of at most one page. */
  async insertOnlyPage(sql: Sql, fileId: number, hashes: Uint8Array): Promise<void> {
    if (hashes.length === 0) return;
    await sql.run(
      'INSERT INTO manifest_pages (file_id, first_chunk_index, hashes) VALUES (?, 0, ?)',
      [fileId, hashes],
    );
  }

  /** The hashes from `firstChunkIndex` to the end of its page, at most `maxCount` of them. */
  async read(
    sql: Sql,
    file: FileRecord,
    from: { firstChunkIndex: number; maxCount: number },
  ): Promise<Uint8Array> {
    const pageFirst = pageStart(from.firstChunkIndex);
    const row = await sql.first<{ hashes: Uint8Array }>(
      `SELECT substr(hashes, ?, ?) AS hashes FROM manifest_pages
        WHERE file_id = ? AND first_chunk_index = ?`,
      [
        (from.firstChunkIndex - pageFirst) * HASH_BYTES + 1,
        from.maxCount * HASH_BYTES,
        file.id,
        pageFirst,
      ],
    );
    return row?.hashes ?? new Uint8Array(0);
  }

  /** The hash of each one-chunk file, by key of the file's row. */
  async readOnlyHashes(sql: Sql, fileIds: readonly number[]): Promise<Map<number, Uint8Array>> {
    if (fileIds.length === 0) return new Map();
    const rows = await sql.all<{ fileId: number; hashes: Uint8Array }>(
      `SELECT file_id AS fileId, hashes FROM manifest_pages
        WHERE first_chunk_index = 0 AND file_id IN (SELECT value FROM json_each(?))`,
      [JSON.stringify(fileIds)],
    );
    return new Map(rows.map(({ fileId, hashes }) => [fileId, hashes]));
  }
}

/** First chunk index of the page that holds a chunk. */
export function pageStart(chunkIndex: number): number {
  return chunkIndex - (chunkIndex % MAX_HASHES_PER_MESSAGE);
}

/** Hashes on the page that begins at `firstChunkIndex`. */
export function pageHashCount(firstChunkIndex: number, chunkCount: number): number {
  return Math.min(MAX_HASHES_PER_MESSAGE, chunkCount - firstChunkIndex);
}
