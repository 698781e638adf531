/** Less than this between two looks is as good as nothing. */
const MIN_LIFE_BYTES = 1024;

/** Since when a peer that owes us has sent next to nothing. A byte now and then, which costs its
 *  sender nothing, does not keep it alive. */
export class LifeSigns {
  private livelyAtMs = -Infinity;
  private bytesSinceLively = 0;
  private owingSinceMs: number | undefined;

  /** `alive` when enough has come since it was last so called. */
  received(entry: { bytes: number; nowMs: number }): 'alive' | 'unclear' {
    this.bytesSinceLively += entry.bytes;
    if (this.bytesSinceLively < MIN_LIFE_BYTES) return 'unclear';
    this.bytesSinceLively = 0;
    this.livelyAtMs = entry.nowMs;
    return 'alive';
  }

  /** `silentSinceMs`: when it last sent anything, or was asked while it owed nothing; undefined while
   *  it owes nothing. */
  idleMs(question: { silentSinceMs: number | undefined; nowMs: number }): number {
    const { silentSinceMs, nowMs } = question;
    if (silentSinceMs === undefined) {
      this.owingSinceMs = undefined;
      return 0;
    }
    this.owingSinceMs ??= silentSinceMs;
    return nowMs - Math.max(this.owingSinceMs, this.livelyAtMs);
  }
}
