import type { Bitfield, PeerId } from '#protocol';
import type { PeerLink } from '../links/peer-link.js';

export interface RemotePeer {
  readonly link: PeerLink;
  held: Bitfield;
}

/** Those at the other ends of one transfer's connections. */
export class Participants {
  readonly remotes = new Map<PeerId, RemotePeer>();
  /** Connections that were told what we hold, and must be told what we gain: those of the remotes,
   *  and those whose other end has not answered yet. */
  readonly audience = new Set<PeerLink>();
  /** Those of the remotes that want something of what we have or get. */
  readonly lacking = new Set<PeerId>();

  get isEmpty(): boolean {
    return this.remotes.size + this.audience.size + this.lacking.size === 0;
  }
}
