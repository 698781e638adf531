/** How many requests may begin in one turn of the event loop. */
export class TurnShare {
  private begunCount = 0;

  constructor(private readonly maxBegunCount: number) {}

  /** False: no more in this turn. */
  take(): boolean {
    if (this.begunCount >= this.maxBegunCount) return false;
    if (this.begunCount === 0) setImmediate(() => (this.begunCount = 0));
    this.begunCount += 1;
    return true;
  }
}
