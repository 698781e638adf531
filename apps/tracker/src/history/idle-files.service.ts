import { Inject, Injectable } from '@nestjs/common';
import { FileCatalogue } from '../files/file-catalogue.service.js';
import { toIsoTime, type Sql, type WriteSql } from '../store/sql.js';
import { READER, WRITE_QUEUE } from '../store/store.tokens.js';
import type { WriteQueue } from '../store/write-queue.js';
import { walk, WALK_PAGE_COUNT } from './table-walk.js';

/** What one write removes: chunk hashes (2 MiB), files, and completions. */
const MAX_CHUNKS_PER_WRITE = 65_536;
const MAX_FILES_PER_WRITE = 100;
const MAX_COMPLETIONS_PER_WRITE = 1_000;

interface FileRow {
  readonly id: number;
  readonly chunkCount: number;
  /** No name points at it, and nobody holds any of it. */
  readonly isIdle: 0 | 1;
  /** ISO 8601, UTC: when that was first seen. */
  readonly idleSince: string | null;
  /** A name that pointed at it is remembered. */
  readonly isRemembered: 0 | 1;
}

/** Files that no name points at and that nobody holds: what is left of them is their manifest, and who
 *  was done with them. */
@Injectable()
export class IdleFiles {
  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(WRITE_QUEUE) private readonly writes: WriteQueue,
    @Inject(FileCatalogue) private readonly catalogue: FileCatalogue,
  ) {}

  /** Notes which files are idle now, and forgets those that have been since before a time, with all that
   *  hangs on them. Returns how many. */
  async prune(at: { nowMs: number; before: string }, signal: AbortSignal): Promise<number> {
    let prunedCount = 0;
    for await (const rows of walk<FileRow>((last) => this.read(last), signal)) {
      await this.mark(rows, toIsoTime(at.nowMs));
      const due = rows.filter((row) => isDue(row, at.before));
      for (const files of batches(due)) prunedCount += await this.forget(files, signal);
    }
    return prunedCount;
  }

  private async mark(rows: readonly FileRow[], nowIso: string): Promise<void> {
    // A time to come was noted while the clock was ahead.
    const isNoted = ({ idleSince }: FileRow) => idleSince !== null && idleSince <= nowIso;
    const idle = rows.filter((row) => row.isIdle === 1 && !isNoted(row));
    const inUse = rows.filter(({ isIdle, idleSince }) => isIdle === 0 && idleSince !== null);
    if (idle.length + inUse.length === 0) return;
    await this.writes.submit(async (sql) => {
      await sql.run(
        `INSERT INTO idle_files (file_id, idle_since)
          SELECT id, ? FROM files WHERE id IN (SELECT value FROM json_each(?))
          ON CONFLICT (file_id) DO UPDATE SET idle_since = excluded.idle_since
            WHERE idle_files.idle_since > excluded.idle_since`,
        [nowIso, keysOf(idle)],
      );
      await sql.run('DELETE FROM idle_files WHERE file_id IN (SELECT value FROM json_each(?))', [
        keysOf(inUse),
      ]);
    });
  }

  private async forget(files: readonly FileRow[], signal: AbortSignal): Promise<number> {
    const keys = keysOf(files);
    while (!signal.aborted) {
      const removedCount = await this.writes.submit((sql) => removeCompletions(sql, keys));
      if (removedCount < MAX_COMPLETIONS_PER_WRITE) break;
    }
    if (signal.aborted) return 0;
    return this.writes.submit((sql) => this.remove(sql, keys));
  }

  /** Whatever is of use again by now stays. */
  private async remove(sql: WriteSql, keys: string): Promise<number> {
    const ids = await sql.column<number>(
      `SELECT f.id FROM files f WHERE f.id IN (SELECT value FROM json_each(?))
        AND NOT EXISTS (SELECT 1 FROM name_versions n WHERE n.file_id = f.id)
        AND NOT EXISTS (SELECT 1 FROM chunk_ownership o WHERE o.file_id = f.id)
        AND NOT EXISTS (SELECT 1 FROM completions c WHERE c.file_id = f.id)`,
      [keys],
    );
    await this.catalogue.forget(sql, ids);
    return ids.length;
  }

  private read(last: FileRow | undefined): Promise<FileRow[]> {
    return this.reader.all<FileRow>(
      `SELECT f.id, f.chunk_count AS chunkCount, i.idle_since AS idleSince,
          EXISTS (SELECT 1 FROM name_versions n WHERE n.file_id = f.id) AS isRemembered,
          NOT EXISTS (SELECT 1 FROM chunk_ownership o WHERE o.file_id = f.id)
            AND NOT EXISTS (SELECT 1 FROM name_versions n
              WHERE n.file_id = f.id AND n.ended_at IS NULL) AS isIdle
        FROM files f LEFT JOIN idle_files i ON i.file_id = f.id
        WHERE f.id > ? ORDER BY f.id LIMIT ?`,
      [last?.id ?? 0, WALK_PAGE_COUNT],
    );
  }
}

function isDue({ isIdle, isRemembered, idleSince }: FileRow, before: string): boolean {
  return isIdle === 1 && isRemembered === 0 && idleSince !== null && idleSince < before;
}

/** As many files together as one write removes; a single one may be larger. */
function* batches(files: readonly FileRow[]): Generator<FileRow[], void> {
  let batch: FileRow[] = [];
  let chunkCount = 0;
  for (const file of files) {
    const isFull = batch.length === MAX_FILES_PER_WRITE;
    if (batch.length > 0 && (isFull || chunkCount + file.chunkCount > MAX_CHUNKS_PER_WRITE)) {
      yield batch;
      batch = [];
      chunkCount = 0;
    }
    batch.push(file);
    chunkCount += file.chunkCount;
  }
  if (batch.length > 0) yield batch;
}

function keysOf(files: readonly FileRow[]): string {
  return JSON.stringify(files.map(({ id }) => id));
}

/** Of files that are still idle. */
function removeCompletions(sql: WriteSql, keys: string): Promise<number> {
  return sql.run(
    `DELETE FROM completions WHERE (file_id, identity) IN (
      SELECT c.file_id, c.identity FROM completions c
        WHERE c.file_id IN (SELECT value FROM json_each(?))
          AND NOT EXISTS (SELECT 1 FROM name_versions n WHERE n.file_id = c.file_id)
          AND NOT EXISTS (SELECT 1 FROM chunk_ownership o WHERE o.file_id = c.file_id)
        LIMIT ?)`,
    [keys, MAX_COMPLETIONS_PER_WRITE],
  );
}
