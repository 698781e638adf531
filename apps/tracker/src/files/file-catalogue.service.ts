import { Injectable } from '@nestjs/common';
import { isDigest, TrackerError, type FileRef } from '#protocol';
import { toIsoTime, type Sql, type WriteSql } from '../store/sql.js';
import { FILE_COLUMNS, type FileRecord, type NewFile, type ResolvedFile } from './file-record.js';

/** What exists, by digest and by name. Takes the connection: a reader's, or the write it is in. */
@Injectable()
export class FileCatalogue {
  private readonly forgottenListeners: (() => void)[] = [];

  /** When files are gone, and that is committed: their keys may be used again. */
  whenForgotten(listener: () => void): void {
    this.forgottenListeners.push(listener);
  }

  findByDigest(sql: Sql, digest: string): Promise<FileRecord | undefined> {
    return sql.first<FileRecord>(
      `SELECT ${FILE_COLUMNS}, f.created_at AS createdAt FROM files f WHERE f.digest = ?`,
      [digest],
    );
  }

  /** By the name's current version, or by digest: then with the first of the names it has. */
  async find(sql: Sql, ref: FileRef): Promise<ResolvedFile | undefined> {
    if (isDigest(ref)) {
      return sql.first<ResolvedFile>(
        `SELECT ${FILE_COLUMNS}, COALESCE(n.created_at, f.created_at) AS createdAt, n.name
          FROM files f LEFT JOIN name_versions n ON n.file_id = f.id AND n.ended_at IS NULL
          WHERE f.digest = ? ORDER BY n.name LIMIT 1`,
        [ref],
      );
    }
    return sql.first<ResolvedFile>(
      `SELECT ${FILE_COLUMNS}, n.created_at AS createdAt, n.name
        FROM name_versions n JOIN files f ON f.id = n.file_id
        WHERE n.name = ? AND n.ended_at IS NULL`,
      [ref.normalize('NFC')],
    );
  }

  /** Throws FILE_NOT_FOUND. */
  async resolve(sql: Sql, ref: FileRef): Promise<ResolvedFile> {
    const file = await this.find(sql, ref);
    if (file === undefined) throw fileNotFound(ref);
    return file;
  }

  /** Throws FILE_NOT_FOUND. */
  async resolveDigest(sql: Sql, digest: string): Promise<FileRecord> {
    const file = await this.findByDigest(sql, digest);
    if (file === undefined) throw fileNotFound(digest);
    return file;
  }

  async insert(sql: Sql, file: NewFile): Promise<FileRecord> {
    const { layout, digest } = file;
    await this.coverChunkIndexes(sql, layout.chunkCount);
    const createdAt = toIsoTime(Date.now());
    const row = await sql.first<{ id: number }>(
      `INSERT INTO files (digest, size_bytes, chunk_bytes, chunk_count, created_at)
        VALUES (?, ?, ?, ?, ?) RETURNING id`,
      [digest, layout.sizeBytes, layout.chunkBytes, layout.chunkCount, createdAt],
    );
    const { sizeBytes, chunkBytes, chunkCount } = layout;
    return { id: row!.id, digest, sizeBytes, chunkBytes, chunkCount, createdAt };
  }

  /** With their manifests. Nothing else may hang on them. */
  async forget(sql: WriteSql, ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    await sql.run('DELETE FROM files WHERE id IN (SELECT value FROM json_each(?))', [
      JSON.stringify(ids),
    ]);
    sql.afterCommit(() => {
      for (const listener of this.forgottenListeners) listener();
    });
  }

  /** The views expand bitfields with a table of all chunk indexes: it grows with the largest file. */
  private async coverChunkIndexes(sql: Sql, chunkCount: number): Promise<void> {
    const row = await sql.first<{ last: number }>(
      'SELECT MAX(chunk_index) AS last FROM chunk_indexes',
    );
    const nextIndex = row!.last + 1;
    if (nextIndex >= chunkCount) return;
    await sql.run(
      `INSERT INTO chunk_indexes
        WITH RECURSIVE n (i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)
        SELECT i FROM n`,
      [nextIndex, chunkCount],
    );
  }
}

export function fileNotFound(ref: FileRef): TrackerError {
  return new TrackerError('FILE_NOT_FOUND', `no file is known as ${JSON.stringify(shorten(ref))}`);
}

function shorten(ref: FileRef): string {
  return ref.length > 120 ? `${ref.slice(0, 120)}…` : ref;
}
