import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { TrackerError } from '#protocol';
import { DrainEstimate } from './drain-estimate.js';
import type { Sql, WriteSql } from './sql.js';
import { WriteTransaction } from './write-transaction.js';

/** What one request writes. It may throw: then nothing it wrote stays. It may be run twice, and then
 *  only the second run counts: all it does is done through `sql`. */
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

/** Undefined: the transaction is of no use any more. */
type Attempt = (job: Job) => Promise<Outcome | undefined>;

/**
 * The one writer. Many requests share a transaction, and all are answered after the commit. When one
 * of them fails after it has written, they all run again, each in a savepoint of its own. Source:
 * docs/decisions/0003-one-writer.md.
 */
export class WriteQueue {
  private waiting: Job[] = [];
  private state: 'open' | 'closing' = 'open';
  private draining: Promise<void> | undefined;
  private readonly transaction: WriteTransaction;
  private readonly drainEstimate = new DrainEstimate();

  constructor(
    sql: Sql,
    private readonly limits: WriteQueueLimits = WRITE_QUEUE_LIMITS,
  ) {
    this.transaction = new WriteTransaction(sql);
  }

  /** Resolves after the commit. Rejects with BUSY, SHUTTING_DOWN, or whatever `work` throws. */
  submit<T>(work: WriteWork<T>): Promise<T> {
    if (this.state === 'closing') {
      return Promise.reject(new TrackerError('SHUTTING_DOWN', 'the tracker is stopping'));
    }
    if (this.waiting.length >= this.limits.maxWaitingCount) {
      const retryAfterMs = this.drainEstimate.retryAfterMs(this.waiting.length);
      return Promise.reject(
        new TrackerError('BUSY', 'too many writes are waiting; try again', { retryAfterMs }),
      );
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
      const startedMs = performance.now();
      await this.commit(batch);
      const elapsedMs = performance.now() - startedMs;
      this.drainEstimate.note({ jobCount: batch.length, elapsedMs });
    }
    this.draining = undefined;
  }

  private async commit(batch: readonly Job[]): Promise<void> {
    let outcomes: Outcome[] | undefined;
    try {
      outcomes = await this.transact(batch, (job) => this.attempt(job));
      outcomes ??= await this.transact(batch, (job) => this.attemptApart(job));
    } catch (error) {
      for (const job of batch) job.refuse(error);
      return;
    }
    for (const [index, job] of batch.entries()) {
      const outcome = outcomes![index]!;
      if (outcome.ok) job.accept(outcome.value);
      else job.refuse(outcome.error);
    }
  }

  /** Undefined when it was rolled back for the sake of one request. */
  private async transact(batch: readonly Job[], attempt: Attempt): Promise<Outcome[] | undefined> {
    const { transaction } = this;
    const outcomes: Outcome[] = [];
    try {
      await transaction.begin();
      for (const job of batch) {
        const outcome = await attempt(job);
        if (outcome === undefined) break;
        outcomes.push(outcome);
      }
      if (outcomes.length === batch.length) {
        await transaction.commit();
        return outcomes;
      }
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
    await transaction.rollback();
    return undefined;
  }

  /** A refusal before the first write leaves nothing behind. After any other error one cannot know. */
  private async attempt(job: Job): Promise<Outcome | undefined> {
    const { transaction } = this;
    const before = transaction.mark();
    try {
      return { ok: true, value: await job.work(transaction) };
    } catch (error) {
      if (!(error instanceof TrackerError) || transaction.hasWrittenSince(before)) return undefined;
      transaction.forgetApplications(before);
      return { ok: false, error };
    }
  }

  private async attemptApart(job: Job): Promise<Outcome> {
    const { transaction } = this;
    await transaction.run('SAVEPOINT request');
    const before = transaction.mark();
    try {
      const value = await job.work(transaction);
      await transaction.run('RELEASE request');
      return { ok: true, value };
    } catch (error) {
      transaction.forgetApplications(before);
      const isUndone = await this.undoRequest();
      if (!isUndone) throw error; // it has ended the transaction, and the savepoint with it
      return { ok: false, error };
    }
  }

  private async undoRequest(): Promise<boolean> {
    try {
      await this.transaction.run('ROLLBACK TO request');
      await this.transaction.run('RELEASE request');
      return true;
    } catch {
      return false;
    }
  }
}
