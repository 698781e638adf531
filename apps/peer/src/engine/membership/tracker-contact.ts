import { CREDENTIAL_LIFETIME_MS } from '#identity';
import type { Clocks } from './network-time.js';

/** After a time without a tracker: how long others have to renew, too, before we hold it against them. */
const RENEWAL_PATIENCE_MS = 60_000;

/** Whether a tracker answers, and for how long it has (not). */
export class TrackerContact {
  /** Since when it answers; undefined while it does not. */
  private sinceMs: number | undefined;
  private lastMs: number;

  /** `silentMs`: for how long no process of this home has heard a tracker. */
  constructor(
    private readonly clocks: Clocks,
    { silentMs }: { silentMs: number },
  ) {
    this.lastMs = clocks.elapsedMs() - silentMs;
  }

  /** It answered, whatever it said. */
  answered(): void {
    const nowMs = this.clocks.elapsedMs();
    this.sinceMs ??= nowMs;
    this.lastMs = nowMs;
  }

  lost(): void {
    this.sinceMs = undefined;
  }

  /** Members had the time to renew their credentials. */
  get isSteady(): boolean {
    if (this.sinceMs === undefined) return false;
    return this.clocks.elapsedMs() - this.sinceMs >= RENEWAL_PATIENCE_MS;
  }

  /** No tracker was heard for longer than a credential lives. */
  get isLongLost(): boolean {
    if (this.sinceMs !== undefined) return false;
    return this.clocks.elapsedMs() - this.lastMs > CREDENTIAL_LIFETIME_MS;
  }
}
