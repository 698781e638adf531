/**
 * What connections make us keep: messages that have not all arrived, replies that are not read. Bounded
 * over all of them: beyond `maxBytes` whoever has moved nothing for the longest is given up.
 */
export class HeldBytes<Holder> {
  /** Who moved something longest ago comes first. */
  private readonly holders = new Map<Holder, number>();
  private totalBytes = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly giveUp: (holder: Holder) => void,
  ) {}

  get bytes(): number {
    return this.totalBytes;
  }

  /** A holder has received or sent something; `bytes` is what is kept for it now. */
  moved(holder: Holder, bytes: number): void {
    const before = this.holders.get(holder);
    if (before === undefined && bytes === 0) return;
    this.holders.delete(holder);
    if (bytes > 0) this.holders.set(holder, bytes);
    this.totalBytes += bytes - (before ?? 0);
    for (const [oldest, heldBytes] of this.holders) {
      if (this.totalBytes <= this.maxBytes) return;
      this.holders.delete(oldest);
      this.totalBytes -= heldBytes;
      this.giveUp(oldest);
    }
  }
}
