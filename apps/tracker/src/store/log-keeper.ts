import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { BUSY_TIMEOUT_MS, KEPT_LOG_BYTES } from './sqlite-settings.js';

/** What an operator is told. */
export interface LogKeeperEars {
  readonly warn: (message: string) => void;
  readonly log: (message: string) => void;
}

/** The log is told of again when it has grown to this many times what was told. */
const TOLD_AGAIN_FACTOR = 2;
const MIB = 1024 * 1024;

/**
 * Keeps the write-ahead log short. SQLite begins it anew once all of it has been copied into the database
 * and nobody reads what it holds: a read that stays open, in whatever program, lets it grow with every
 * commit. Nothing can be done about that from here but to say so, and to shrink it when the read has ended.
 */
export class LogKeeper {
  private readonly path: string;
  private toldBytes: number | undefined;

  constructor(
    private readonly writer: Database,
    private readonly ears: LogKeeperEars,
    private readonly maxBytes = KEPT_LOG_BYTES,
  ) {
    this.path = `${writer.name}-wal`;
  }

  /** Never waits for readers. Throws SQLite's errors. */
  look(): void {
    const sizeBytes = this.sizeBytes();
    if (sizeBytes > this.maxBytes && !this.writer.inTransaction) this.shrink(sizeBytes);
    else if (sizeBytes <= this.maxBytes) this.tellShrunk(sizeBytes);
  }

  private shrink(sizeBytes: number): void {
    const { writer } = this;
    writer.pragma('busy_timeout = 0'); // else it would wait for the very read that is the reason
    try {
      writer.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      writer.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
    const leftBytes = this.sizeBytes();
    if (leftBytes <= this.maxBytes) this.tellShrunk(leftBytes, sizeBytes);
    else this.tellHeld(leftBytes);
  }

  private tellHeld(sizeBytes: number): void {
    if (sizeBytes < (this.toldBytes ?? 0) * TOLD_AGAIN_FACTOR) return;
    this.toldBytes = sizeBytes;
    this.ears.warn(
      `${this.path} has grown to ${toMib(sizeBytes)} MiB: another program keeps a read of the database ` +
        'open (a sqlite3 shell with an open transaction or a statement that was not read to its end, a ' +
        'backup), and SQLite cannot use the space again before that has ended',
    );
  }

  private tellShrunk(sizeBytes: number, fromBytes = this.toldBytes): void {
    if (this.toldBytes === undefined) return;
    this.toldBytes = undefined;
    const from = fromBytes === undefined ? '' : `from ${toMib(fromBytes)} MiB `;
    this.ears.log(`${this.path} has shrunk ${from}to ${toMib(sizeBytes)} MiB`);
  }

  private sizeBytes(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
  }
}

function toMib(bytes: number): string {
  return (bytes / MIB).toFixed(bytes < 10 * MIB ? 1 : 0);
}
