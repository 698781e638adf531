import { Inject, Injectable } from '@nestjs/common';
import type { Sql } from '../store/sql.js';
import { READER, WRITE_QUEUE } from '../store/store.tokens.js';
import type { WriteQueue } from '../store/write-queue.js';
import { walk, WALK_PAGE_COUNT } from './table-walk.js';

interface CompletionRow {
  readonly fileId: number;
  readonly identity: string;
  readonly isDue: 0 | 1;
}

/** Which hosts were done with a file long ago. */
@Injectable()
export class OldCompletions {
  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(WRITE_QUEUE) private readonly writes: WriteQueue,
  ) {}

  /** Forgets those from before a time, but not of hosts that have the file. Returns how many. */
  async prune(before: string, signal: AbortSignal): Promise<number> {
    let prunedCount = 0;
    for await (const rows of walk<CompletionRow>((last) => this.read(before, last), signal)) {
      const due = rows.filter(({ isDue }) => isDue === 1);
      if (due.length === 0) continue;
      const keys = JSON.stringify(due.map(({ fileId, identity }) => [fileId, identity]));
      prunedCount += await this.writes.submit((sql) =>
        sql.run(
          `DELETE FROM completions WHERE completed_at < ? AND (file_id, identity) IN (
            SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))`,
          [before, keys],
        ),
      );
    }
    return prunedCount;
  }

  private read(before: string, last: CompletionRow | undefined): Promise<CompletionRow[]> {
    return this.reader.all<CompletionRow>(
      `SELECT c.file_id AS fileId, c.identity, c.completed_at < ? AND NOT EXISTS (
          SELECT 1 FROM peers p JOIN chunk_ownership o ON o.peer_id = p.id
            WHERE p.identity = c.identity AND o.file_id = c.file_id) AS isDue
        FROM completions c WHERE (c.file_id, c.identity) > (?, ?)
        ORDER BY c.file_id, c.identity LIMIT ?`,
      [before, last?.fileId ?? 0, last?.identity ?? '', WALK_PAGE_COUNT],
    );
  }
}
