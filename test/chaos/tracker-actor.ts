import { existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import Database from 'better-sqlite3';
import type { CutProxy } from '../support/cut-proxy.js';
import type { RunningTracker } from '../support/start-tracker.js';
import type { ChaosLog } from './chaos-log.js';
import type { Clock } from '../support/clock.js';

/** The tracker under chaos: ended, held up, and put back to an earlier day. One thing at a time. */
export class TrackerActor {
  private lastChange: Promise<void> = Promise.resolve();

  constructor(
    readonly tracker: RunningTracker,
    private readonly proxy: CutProxy,
    private readonly clock: Clock,
    private readonly backupPath: string,
    private readonly log: ChaosLog,
  ) {}

  restart(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    return this.change(`restart after ${signal}`, async () => {
      const end = await this.tracker.kill(signal);
      const fair = signal === 'SIGKILL' ? 'SIGKILL' : 0;
      if (end !== fair) this.log.violation(`the tracker ended with ${end}:\n${this.tail()}`);
      await this.tracker.start();
    });
  }

  pause(forMs: number): Promise<void> {
    return this.change(`pause of ${forMs} ms`, async () => {
      const pid = this.tracker.pid!;
      process.kill(pid, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, forMs));
      process.kill(pid, 'SIGCONT');
    });
  }

  /** Of the live database. */
  backUp(): Promise<void> {
    return this.change('backup', async () => {
      await rm(this.backupPath, { force: true });
      const database = new Database(this.tracker.databasePath, { readonly: true });
      try {
        await database.backup(this.backupPath);
      } finally {
        database.close();
      }
    });
  }

  /** As an operator does it: stop, copy, start. */
  restore(): Promise<void> {
    return this.change('restore', async () => {
      if (!existsSync(this.backupPath)) return;
      await this.tracker.kill('SIGTERM');
      const { databasePath } = this.tracker;
      for (const suffix of ['-wal', '-shm']) await rm(`${databasePath}${suffix}`, { force: true });
      await copyFile(this.backupPath, databasePath);
      await this.tracker.start();
    });
  }

  stepClock(byMs: number): void {
    this.clock.step(byMs);
    this.log.note('clock', `the tracker ${Math.round(byMs / 1_000)} s`);
  }

  cut(): void {
    this.log.note('cut', `${this.proxy.cut()} connections to the tracker`);
  }

  /** Resolves when nothing is being done to it. */
  async settled(): Promise<void> {
    this.clock.correct();
    await this.lastChange;
  }

  private change(what: string, work: () => Promise<void>): Promise<void> {
    this.lastChange = this.lastChange.then(async () => {
      this.log.note('tracker', what);
      try {
        await work();
      } catch (error) {
        this.log.violation(`the tracker, at its ${what}: ${String(error)}\n${this.tail()}`);
      }
    });
    return this.lastChange;
  }

  private tail(): string {
    return this.tracker.stderr.slice(-1_500);
  }
}
