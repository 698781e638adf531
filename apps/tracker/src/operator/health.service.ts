import { Inject, Injectable } from '@nestjs/common';
import type { Sql } from '../store/sql.js';
import { READER, WRITE_QUEUE } from '../store/store.tokens.js';
import type { WriteQueue } from '../store/write-queue.js';

/** A write that takes longer than this is as good as none. */
const WRITE_DEADLINE_MS = 5_000;

@Injectable()
export class HealthService {
  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(WRITE_QUEUE) private readonly writes: WriteQueue,
  ) {}

  /** Undefined when the database answers and the writer commits. */
  async whyNotReady(): Promise<string | undefined> {
    try {
      await this.reader.first('SELECT COUNT(*) FROM schema_migrations');
      const committed = this.writes.submit((sql) => sql.first('SELECT 1').then(() => 'committed'));
      const outcome = await Promise.race([committed, deadline(WRITE_DEADLINE_MS)]);
      return outcome === 'late' ? 'writes are not committed in time' : undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

function deadline(afterMs: number): Promise<'late'> {
  return new Promise((resolve) => {
    setTimeout(() => resolve('late'), afterMs).unref();
  });
}
