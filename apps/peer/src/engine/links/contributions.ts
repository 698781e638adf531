import type { PeerId } from '#protocol';

/** Bytes are remembered with this half-life. */
const HALF_LIFE_MS = 20_000;
/** Peers remembered; the ones heard of longest ago are forgotten first. */
const MAX_PEERS = 1_024;

/** Who gave us how much lately, and how much went each way in all. */
export class Contributions {
  private readonly recent = new Map<PeerId, { bytes: number; atMs: number }>();
  private upBytes = 0;
  private downBytes = 0;

  get totals(): { bytesUp: number; bytesDown: number } {
    return { bytesUp: this.upBytes, bytesDown: this.downBytes };
  }

  sent(_peerId: PeerId, bytes: number): void {
    this.upBytes += bytes;
  }

  received(peerId: PeerId, bytes: number): void {
    this.downBytes += bytes;
    const known = this.recent.get(peerId);
    if (known !== undefined) {
      const nowMs = performance.now();
      known.bytes = faded(known, nowMs) + bytes;
      known.atMs = nowMs;
      return;
    }
    const [oldest] = this.recent.keys();
    if (this.recent.size >= MAX_PEERS && oldest !== undefined) this.recent.delete(oldest);
    this.recent.set(peerId, { bytes, atMs: performance.now() });
  }

  recentBytesFrom(peerId: PeerId): number {
    const known = this.recent.get(peerId);
    return known === undefined ? 0 : faded(known, performance.now());
  }
}

function faded(entry: { bytes: number; atMs: number }, nowMs: number): number {
  return entry.bytes * 0.5 ** ((nowMs - entry.atMs) / HALF_LIFE_MS);
}
