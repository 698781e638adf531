import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { isRunning, parseProcessStamp, thisProcess } from './process-stamp.js';

const POLL_INTERVAL_MS = 5;
const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;

/**
 * A lock between processes of one machine, for sections of a few milliseconds. Everybody appends a
 * claim to one file; the first claim whose process still runs holds the lock, so that one who was
 * killed never blocks the others. The holder removes the file, and those still waiting begin again
 * with a new one. Errors are the system's own, for the caller to put into context.
 */
export class ProcessLock {
  private isReleased = false;

  private constructor(
    private readonly path: string,
    private readonly fd: number,
  ) {}

  static async acquire(path: string, { signal }: { signal: AbortSignal }): Promise<ProcessLock> {
    for (;;) {
      signal.throwIfAborted();
      const claim = new LockClaim(path);
      try {
        const outcome = await claim.wait({ signal });
        if (outcome === 'ours') return new ProcessLock(path, claim.fd);
        closeSync(claim.fd);
      } catch (error) {
        claim.withdraw();
        throw error;
      }
    }
  }

  /** Idempotent. */
  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    try {
      unlinkSync(this.path);
    } finally {
      closeSync(this.fd);
    }
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

class LockClaim {
  readonly fd: number;
  private readonly token = crypto.randomUUID();

  constructor(private readonly path: string) {
    this.fd = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    try {
      this.append({ token: this.token, process: thisProcess() });
    } catch (error) {
      closeSync(this.fd);
      throw error;
    }
  }

  /** `gone`: the holder removed the file, and our claim with it. */
  async wait({ signal }: { signal: AbortSignal }): Promise<'ours' | 'gone'> {
    while (this.isInPlace()) {
      if (this.holder() === this.token) return 'ours';
      await setTimeout(POLL_INTERVAL_MS);
      signal.throwIfAborted();
    }
    return 'gone';
  }

  withdraw(): void {
    try {
      this.append({ withdrawn: this.token });
    } finally {
      closeSync(this.fd);
    }
  }

  /** Begins with a line feed, to stand apart from what a killed process left unfinished. */
  private append(line: object): void {
    const bytes = Buffer.from(`\n${JSON.stringify(line)}\n`);
    for (let done = 0; done < bytes.length;) done += writeSync(this.fd, bytes, done);
  }

  private isInPlace(): boolean {
    const found = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    return found?.ino === fstatSync(this.fd, { bigint: true }).ino;
  }

  private holder(): string | undefined {
    const bytes = Buffer.alloc(fstatSync(this.fd).size);
    const text = bytes.toString('utf8', 0, readSync(this.fd, bytes, 0, bytes.length, 0));
    const lines = text.split('\n').map(parseLine);
    const withdrawn = new Set(lines.map((line) => line['withdrawn']));
    const holder = lines.find((line) => {
      const stamp = parseProcessStamp(line['process']);
      return stamp !== undefined && !withdrawn.has(line['token']) && isRunning(stamp);
    });
    return typeof holder?.['token'] === 'string' ? holder['token'] : undefined;
  }
}

function parseLine(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
