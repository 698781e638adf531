import { Inject, Injectable } from '@nestjs/common';
import type { OutsideCommits } from '../store/outside-commits.js';
import { ReadCache } from '../store/read-cache.js';
import { toIsoTime, type Sql } from '../store/sql.js';
import { OUTSIDE_COMMITS, READER } from '../store/store.tokens.js';

/** Online peers of a swarm. */
export interface SwarmCount {
  readonly seeders: number;
  readonly leechers: number;
}

/** A count holds until the first of the counted leases runs out: a renewed one runs longer. */
interface KeptCount extends SwarmCount {
  /** ISO 8601, UTC. */
  readonly heldUntil: string;
}

const MAX_KEPT_COUNT = 32_768;
const FOR_EVER = '9999';

/** How many peers are online in each swarm. Keeps the counts asked for lately. */
@Injectable()
export class SwarmCensus {
  private readonly counts = new ReadCache<number, KeptCount>({
    maxWeight: MAX_KEPT_COUNT,
    weightOf: () => 1,
  });

  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(OUTSIDE_COMMITS) outside: OutsideCommits,
  ) {
    outside.whenNoticed(() => this.allChanged());
  }

  /** By keys of the files' rows, in the same order. */
  async countAll(fileIds: readonly number[]): Promise<SwarmCount[]> {
    const nowIso = toIsoTime(Date.now());
    const counts = fileIds.map((fileId) => {
      const count = this.counts.get(fileId);
      return count !== undefined && count.heldUntil > nowIso ? count : undefined;
    });
    if (!counts.includes(undefined)) return counts as SwarmCount[];
    const missing = fileIds.filter((_, index) => counts[index] === undefined);
    const found = new Map(await this.counts.fill(() => this.read(missing, nowIso)));
    return counts.map((count, index) => count ?? found.get(fileIds[index]!)!);
  }

  /** Somebody came, left, or became complete, and that is committed. */
  changed(fileId: number): void {
    this.counts.delete(fileId);
  }

  allChanged(): void {
    this.counts.clear();
  }

  private async read(fileIds: readonly number[], nowIso: string): Promise<[number, KeptCount][]> {
    const rows = await this.reader.all<KeptCount & { fileId: number }>(
      `SELECT o.file_id AS fileId, SUM(o.complete) AS seeders,
          COUNT(*) - SUM(o.complete) AS leechers, MIN(p.lease_expires_at) AS heldUntil
        FROM chunk_ownership o JOIN peers p ON p.id = o.peer_id
        WHERE o.file_id IN (SELECT value FROM json_each(?)) AND p.lease_expires_at > ?
        GROUP BY o.file_id`,
      [JSON.stringify(fileIds), nowIso],
    );
    const counts = new Map(rows.map(({ fileId, ...count }) => [fileId, count]));
    const nobody: KeptCount = { seeders: 0, leechers: 0, heldUntil: FOR_EVER };
    return fileIds.map((fileId) => [fileId, counts.get(fileId) ?? nobody]);
  }
}
