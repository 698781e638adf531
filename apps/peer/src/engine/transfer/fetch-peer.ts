import type { PeerId } from '#protocol';
import { LifeSigns } from '../../core/life-signs.js';
import { PipelineDepth } from '../../core/pipeline-depth.js';
import { MAX_INFLIGHT_BYTES, MAX_SNUBBED_MS, SNUB_MS } from '../peer-config.js';
import type { PeerLink } from '../links/peer-link.js';

/** A seeder that has neither suggested nor sent anything for this long is asked for anything again.
 *  Many leechers at a slow link wait long for their turns, and who does not wait takes theirs. */
const MAX_QUIET_MS = 3_000;

/** One peer that a fetch may ask: how much, and whether it keeps its promises. */
export class FetchPeer {
  private readonly depth: PipelineDepth;
  private readonly life = new LifeSigns();
  /** Owes us chunks and has been silent for too long: asked for one chunk at a time. */
  private snubbedSinceMs: number | undefined;
  private steeredAtMs = -Infinity;

  constructor(
    readonly link: PeerLink,
    chunkBytes: number,
  ) {
    this.depth = new PipelineDepth({ chunkBytes, maxBytes: MAX_INFLIGHT_BYTES / 2 });
  }

  get peerId(): PeerId {
    return this.link.peerId;
  }

  /** What it should owe us, so that the link never runs dry. */
  get targetBytes(): number {
    return this.snubbedSinceMs === undefined ? this.depth.targetBytes : 1;
  }

  /** It suggests what to ask it for: the seeder of a swarm, that sends each chunk hardly twice. */
  isSteering(nowMs: number): boolean {
    return nowMs - this.steeredAtMs < MAX_QUIET_MS;
  }

  suggested(nowMs: number): void {
    this.steeredAtMs = nowMs;
  }

  received(bytes: number, nowMs: number): void {
    this.depth.received({ bytes, nowMs });
    if (this.isSteering(nowMs)) this.steeredAtMs = nowMs;
    const sign = this.life.received({ bytes, nowMs });
    if (sign !== 'alive' || this.snubbedSinceMs === undefined) return;
    this.snubbedSinceMs = undefined;
    this.depth.recovered();
  }

  /** `snubbed`, once, when others must be asked for all but one of its chunks; `given up` when it
   *  has stayed silent, or as good as silent. `silentSinceMs` is undefined while it owes nothing. */
  judge(silentSinceMs: number | undefined, nowMs: number): 'fine' | 'snubbed' | 'given up' {
    if (this.life.idleMs({ silentSinceMs, nowMs }) < SNUB_MS) return 'fine';
    if (this.snubbedSinceMs !== undefined) {
      return nowMs - this.snubbedSinceMs > MAX_SNUBBED_MS ? 'given up' : 'fine';
    }
    this.snubbedSinceMs = nowMs;
    this.depth.snubbed();
    return 'snubbed';
  }
}
