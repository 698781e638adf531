import { Injectable } from '@nestjs/common';
import { toIsoTime, type Sql } from '../store/sql.js';

/** Which hosts have had a whole file. Outlives leases, processes and ownership. */
@Injectable()
export class CompletionsService {
  /** The first time counts. */
  async record(
    sql: Sql,
    host: { identity: string; hostname: string },
    fileId: number,
  ): Promise<void> {
    await sql.run(
      `INSERT INTO completions (file_id, identity, hostname, completed_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (file_id, identity) DO NOTHING`,
      [fileId, host.identity, host.hostname, toIsoTime(Date.now())],
    );
  }
}
