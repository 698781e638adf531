import { Injectable } from '@nestjs/common';
import { toIsoTime, type Sql } from '../store/sql.js';

/** Online peers of a swarm. */
export interface SwarmCount {
  readonly seeders: number;
  readonly leechers: number;
}

/** How many peers are online in each swarm. */
@Injectable()
export class SwarmCensus {
  /** By key of the file's row; files without anybody online are left out. */
  async countAll(sql: Sql, fileIds: readonly number[]): Promise<Map<number, SwarmCount>> {
    const rows = await sql.all<SwarmCount & { fileId: number }>(
      `SELECT o.file_id AS fileId, SUM(o.complete) AS seeders,
          COUNT(*) - SUM(o.complete) AS leechers
        FROM chunk_ownership o JOIN peers p ON p.id = o.peer_id
        WHERE o.file_id IN (SELECT value FROM json_each(?)) AND p.lease_expires_at > ?
        GROUP BY o.file_id`,
      [JSON.stringify(fileIds), toIsoTime(Date.now())],
    );
    return new Map(rows.map(({ fileId, seeders, leechers }) => [fileId, { seeders, leechers }]));
  }
}
