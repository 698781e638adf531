import { TrackerError } from '#protocol';
import { damaged, isDamage, type DatabaseUnusableError } from './database-fault.js';

/** Hears of it when an open database turns out to be damaged. From then on nothing is written. */
export class DamageWatch {
  /** Resolves with the first that was found. */
  readonly found: Promise<DatabaseUnusableError>;
  private tell: (fault: DatabaseUnusableError) => void = () => undefined;
  private fault: DatabaseUnusableError | undefined;

  constructor(private readonly path: string) {
    this.found = new Promise((resolve) => {
      this.tell = resolve;
    });
  }

  get isFound(): boolean {
    return this.fault !== undefined;
  }

  /** Looks at what a statement threw. */
  look(error: unknown): void {
    if (this.isFound || !isDamage(error)) return;
    this.fault = damaged(this.path, error.message, error);
    this.tell(this.fault);
  }

  /** Throws SHUTTING_DOWN once damage was found. */
  refuse(): void {
    if (!this.isFound) return;
    throw new TrackerError('SHUTTING_DOWN', 'the tracker is stopping: its database is damaged');
  }
}
