/** The rate is that of about the last this many milliseconds. */
const WINDOW_MS = 3_000;

/** Bytes per second from totals that only grow; smooth enough to read. */
export class RateMeter {
  private readonly samples: { atMs: number; bytes: number }[] = [];

  add(bytes: number, nowMs: number): void {
    this.samples.push({ atMs: nowMs, bytes });
    while (this.samples.length > 2 && nowMs - this.samples[1]!.atMs > WINDOW_MS) {
      this.samples.shift();
    }
  }

  /** Undefined until there are two samples. */
  get bytesPerSecond(): number | undefined {
    const first = this.samples[0];
    const last = this.samples.at(-1);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return undefined;
    return ((last.bytes - first.bytes) / (last.atMs - first.atMs)) * 1_000;
  }
}
