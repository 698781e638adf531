/** How much of a peer's time is asked for ahead. */
export const QUEUE_MS = 500;
const FIRST_TARGET_BYTES = 1024 * 1024;
const FIRST_TARGET_CHUNKS = 2;
const MIN_TARGET_CHUNKS = 1;

/**
 * How many bytes to have asked of one peer and not yet received: as much as it sends in QUEUE_MS, so
 * that its link never runs dry and what it holds up when it dies is little.
 *
 * The rule works in rounds. A round is the time in which the target's worth of bytes arrives, or
 * QUEUE_MS when less arrives. A round that ends early means that the pipe, not the peer, was the
 * limit: the target doubles, though not beyond what the round's speed gives in QUEUE_MS. A round
 * that ends late means that too much is queued: the target goes half the way down to what arrived.
 * It starts at two chunks and no less than 1 MiB, never leaves the range from one chunk to `maxBytes`
 * (one chunk wins), and is one chunk while the peer is snubbed; afterwards it starts over. It counts
 * bytes that are still to come: at one chunk the next is asked for when the first has begun to arrive.
 * More would only wait in front of a slow peer's link, and with it what others ask of that peer.
 */
export class PipelineDepth {
  private adaptedBytes: number;
  private isSnubbed = false;
  private roundBytes = 0;
  private roundStartMs: number | undefined;

  constructor(private readonly options: { chunkBytes: number; maxBytes: number }) {
    this.adaptedBytes = this.firstBytes;
  }

  get targetBytes(): number {
    return this.isSnubbed ? this.options.chunkBytes : this.adaptedBytes;
  }

  received(entry: { bytes: number; nowMs: number }): void {
    this.roundStartMs ??= entry.nowMs;
    this.roundBytes += entry.bytes;
    const elapsedMs = entry.nowMs - this.roundStartMs;
    if (this.roundBytes < this.adaptedBytes && elapsedMs < QUEUE_MS) return;
    const sustainedBytes = (this.roundBytes * QUEUE_MS) / elapsedMs;
    const wantedBytes =
      sustainedBytes >= this.adaptedBytes
        ? Math.min(this.adaptedBytes * 2, sustainedBytes)
        : (this.adaptedBytes + sustainedBytes) / 2;
    this.adaptedBytes = this.clamp(wantedBytes);
    this.roundBytes = 0;
    this.roundStartMs = entry.nowMs;
  }

  /** The peer owes us and is silent: ask it for one chunk at a time. */
  snubbed(): void {
    this.isSnubbed = true;
  }

  /** The peer sends again. */
  recovered(): void {
    if (!this.isSnubbed) return;
    this.isSnubbed = false;
    this.adaptedBytes = this.firstBytes;
    this.roundBytes = 0;
    this.roundStartMs = undefined;
  }

  private get firstBytes(): number {
    return this.clamp(Math.max(FIRST_TARGET_BYTES, FIRST_TARGET_CHUNKS * this.options.chunkBytes));
  }

  private clamp(bytes: number): number {
    const { chunkBytes, maxBytes } = this.options;
    const floorBytes = Math.max(MIN_TARGET_CHUNKS * chunkBytes, Math.floor(bytes));
    return Math.max(chunkBytes, Math.min(maxBytes, floorBytes));
  }
}
