import { setImmediate } from 'node:timers/promises';
import { TrackerError } from '#protocol';
import type { Sql, WriteSql } from './sql.js';

/** What one request writes. It may throw: then nothing it wrote stays. */
export type WriteWork<T> = (sql: WriteSql) => Promise<T>;

export interface WriteQueueLimits {
  /** Requests that may wait; more are refused with BUSY. */
  readonly maxWaitingCount: number;
  /** Requests in one transaction. */
  readonly maxBatchCount: number;
}

export const WRITE_QUEUE_LIMITS: WriteQueueLimits = {
  maxWaitingCount: 16_384,
  maxBatchCount: 1_024,
};

interface Job {
  readonly work: WriteWork<unknown>;
  readonly accept: (value: unknown) => void;
  readonly refuse: (reason: unknown) => void;
}

type Outcome =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; error: unknown };

/**
 * The one writer. Many requests share a transaction, each in a savepoint of its own, and all are
 * answered after the commit. Source: docs/decisions/0003-one-writer.md.
 */
export class WriteQueue {
  private waiting: Job[] = [];
  private state: 'open' | 'closing' = 'open';
  private draining: Promise<void> | undefined;
  private readonly sql: WriteSql;
  /** What the open transaction will have done when it is committed. */
  private applications: (() => void)[] = [];

  constructor(
    sql: Sql,
    private readonly limits: WriteQueueLimits = WRITE_QUEUE_LIMITS,
  ) {
    this.sql = {
      all: (text, parameters) => sql.all(text, parameters),
      column: (text, parameters) => sql.column(text, parameters),
      first: (text, parameters) => sql.first(text, parameters),
      run: (text, parameters) => sql.run(text, parameters),
      afterCommit: (apply) => void this.applications.push(apply),
    };
  }

  /** Resolves after the commit. Rejects with BUSY, SHUTTING_DOWN, or whatever `work` throws. */
  submit<T>(work: WriteWork<T>): Promise<T> {
    if (this.state === 'closing') {
      return Promise.reject(new TrackerError('SHUTTING_DOWN', 'the tracker is stopping'));
    }
    if (this.waiting.length >= this.limits.maxWaitingCount) {
      return Promise.reject(new TrackerError('BUSY', 'too many writes are waiting; try again'));
    }
    return new Promise<T>((resolve, reject) => {
      this.waiting.push({ work, accept: resolve as (value: unknown) => void, refuse: reject });
      this.draining ??= this.drain();
    });
  }

  /** Commits what waits and refuses the rest. May be called twice. */
  async close(): Promise<void> {
    this.state = 'closing';
    await this.draining;
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      await setImmediate(); // lets the requests of this turn of the event loop join the batch
      const batch = this.waiting.slice(0, this.limits.maxBatchCount);
      this.waiting = this.waiting.slice(this.limits.maxBatchCount);
      await this.commit(batch);
    }
    this.draining = undefined;
  }

  private async commit(batch: readonly Job[]): Promise<void> {
    const outcomes: Outcome[] = [];
    this.applications = [];
    try {
      await this.sql.run('BEGIN IMMEDIATE');
      for (const job of batch) outcomes.push(await this.attempt(job));
      await this.sql.run('COMMIT');
    } catch (error) {
      await this.sql.run('ROLLBACK').catch(() => undefined); // an I/O error has rolled back already
      for (const job of batch) job.refuse(error);
      return;
    }
    for (const apply of this.applications) apply();
    for (const [index, job] of batch.entries()) {
      const outcome = outcomes[index]!;
      if (outcome.ok) job.accept(outcome.value);
      else job.refuse(outcome.error);
    }
  }

  private async attempt(job: Job): Promise<Outcome> {
    await this.sql.run('SAVEPOINT request');
    const applicationCount = this.applications.length;
    try {
      const value = await job.work(this.sql);
      await this.sql.run('RELEASE request');
      return { ok: true, value };
    } catch (error) {
      this.applications.length = applicationCount;
      await this.sql.run('ROLLBACK TO request');
      await this.sql.run('RELEASE request');
      return { ok: false, error };
    }
  }
}
