/** What time it is: for people, and for measuring. */
export interface Clocks {
  /** Milliseconds since 1970; may be wrong, and may be set. */
  wallMs(): number;
  /** Only ever goes forwards, evenly. */
  elapsedMs(): number;
}

export const SYSTEM_CLOCKS: Clocks = {
  wallMs: () => Date.now(),
  elapsedMs: () => performance.now(),
};

/** The time by which credentials are judged: the tracker's, as it was last told. Until then it is this
 *  machine's. */
export class NetworkTime {
  private told: { readonly timeMs: number; readonly atMs: number } | undefined;

  constructor(private readonly clocks: Clocks) {}

  /** Milliseconds since 1970. */
  get nowMs(): number {
    if (this.told === undefined) return this.clocks.wallMs();
    return this.told.timeMs + (this.clocks.elapsedMs() - this.told.atMs);
  }

  heard(timeMs: number): void {
    this.told = { timeMs, atMs: this.clocks.elapsedMs() };
  }
}
