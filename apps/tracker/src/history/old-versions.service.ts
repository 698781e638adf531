import { Inject, Injectable } from '@nestjs/common';
import { NameBook } from '../files/name-book.service.js';
import type { Sql } from '../store/sql.js';
import { READER, WRITE_QUEUE } from '../store/store.tokens.js';
import type { WriteQueue } from '../store/write-queue.js';
import { walk, WALK_PAGE_COUNT } from './table-walk.js';

interface VersionRow {
  readonly id: number;
  readonly isDue: 0 | 1 | null;
}

/** Versions of names that were replaced or purged. */
@Injectable()
export class OldVersions {
  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(WRITE_QUEUE) private readonly writes: WriteQueue,
    @Inject(NameBook) private readonly names: NameBook,
  ) {}

  /** Forgets those that ended before a time, but for the last one of a name whose content somebody holds:
   *  it keeps that peer from bringing a purged name back, and for those that say for whom content is that
   *  somebody holds. Returns how many. */
  async prune(before: string, signal: AbortSignal): Promise<number> {
    let prunedCount = 0;
    for await (const rows of walk<VersionRow>((last) => this.read(before, last), signal)) {
      const due = rows.filter(({ isDue }) => isDue === 1).map(({ id }) => id);
      if (due.length === 0) continue;
      prunedCount += await this.writes.submit((sql) => this.names.forget(sql, due, before));
    }
    return prunedCount;
  }

  private read(before: string, last: VersionRow | undefined): Promise<VersionRow[]> {
    return this.reader.all<VersionRow>(
      `SELECT v.id, v.ended_at < ? AND (
          (v.allowed_groups IS NULL
            AND EXISTS (SELECT 1 FROM name_versions n WHERE n.name = v.name AND n.id > v.id))
          OR NOT EXISTS (SELECT 1 FROM chunk_ownership o WHERE o.file_id = v.file_id)) AS isDue
        FROM name_versions v WHERE v.id > ? ORDER BY v.id LIMIT ?`,
      [before, last?.id ?? 0, WALK_PAGE_COUNT],
    );
  }
}
