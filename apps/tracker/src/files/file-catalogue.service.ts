import { Injectable } from '@nestjs/common';
import { isDigest, TrackerError, type FileRef } from '#protocol';
import { toIsoTime, type Sql, type WriteSql } from '../store/sql.js';
import { FILE_COLUMNS, type FileRecord, type NewFile, type ResolvedFile } from './file-record.js';
import { seenBy, type NameView } from './name-view.js';

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

  /** What is seen: by the name's current version, or by digest, then with the first of the names it
   *  has. */
  async find(sql: Sql, ref: FileRef, view: NameView): Promise<ResolvedFile | undefined> {
    const seen = seenBy(view);
    if (!isDigest(ref)) {
      return sql.first<ResolvedFile>(
        `SELECT ${FILE_COLUMNS}, n.created_at AS createdAt, n.name
          FROM name_versions n JOIN files f ON f.id = n.file_id
          WHERE n.name = ? AND n.ended_at IS NULL AND ${seen.sql}`,
        [ref.normalize('NFC'), ...seen.parameters],
      );
    }
    const file = await sql.first<ResolvedFile>(
      `SELECT ${FILE_COLUMNS}, COALESCE(n.created_at, f.created_at) AS createdAt, n.name
        FROM files f
        LEFT JOIN name_versions n ON n.file_id = f.id AND n.ended_at IS NULL AND ${seen.sql}
        WHERE f.digest = ? ORDER BY n.name LIMIT 1`,
      [...seen.parameters, ref],
    );
    if (file === undefined || file.name !== null) return file;
    return (await this.isSeen(sql, file, view)) ? file : undefined;
  }

  /** Whoever sees any current name of a file may have it; where there is none, whoever saw any that
   *  there was. One that never had a name is for all who know its digest. */
  async isSeen(sql: Sql, file: FileRecord, view: NameView): Promise<boolean> {
    if (file.everRestricted === 0) return true;
    const seen = seenBy(view);
    const row = await sql.first<{ current: 0 | 1; seenCurrent: 0 | 1; seenEver: 0 | 1 }>(
      `SELECT
        EXISTS (SELECT 1 FROM name_versions n
          WHERE n.file_id = ? AND n.ended_at IS NULL) AS current,
        EXISTS (SELECT 1 FROM name_versions n
          WHERE n.file_id = ? AND n.ended_at IS NULL AND ${seen.sql}) AS seenCurrent,
        EXISTS (SELECT 1 FROM name_versions n WHERE n.file_id = ? AND ${seen.sql}) AS seenEver`,
      [file.id, file.id, ...seen.parameters, file.id, ...seen.parameters],
    );
    return row!.current === 1 ? row!.seenCurrent === 1 : row!.seenEver === 1;
  }

  /** Throws FILE_NOT_FOUND. */
  async resolve(sql: Sql, ref: FileRef, view: NameView): Promise<ResolvedFile> {
    const file = await this.find(sql, ref, view);
    if (file === undefined) throw fileNotFound(ref);
    return file;
  }

  /** Throws FILE_NOT_FOUND. */
  async resolveDigest(sql: Sql, digest: string, view: NameView): Promise<FileRecord> {
    const file = await this.findByDigest(sql, digest);
    if (file === undefined || !(await this.isSeen(sql, file, view))) throw fileNotFound(digest);
    return file;
  }

  /** From now on it may be for some only. */
  async restrict(sql: Sql, fileId: number): Promise<void> {
    await sql.run('UPDATE files SET restricted = 1 WHERE id = ? AND restricted = 0', [fileId]);
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
    return {
      id: row!.id,
      digest,
      sizeBytes,
      chunkBytes,
      chunkCount,
      everRestricted: 0,
      createdAt,
    };
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
