import type { PeerId, ProtocolError, WireCode } from '#protocol';
import type { ByteBudget } from '../budget/byte-budget.js';
import type { ChunkBuffers } from '../budget/chunk-buffers.js';
import type { RateGate } from '../budget/rate-gate.js';
import type { PeerLink } from '../links/peer-link.js';

/** `SNUBBED`: owes us and is silent; else why no more is asked of it for a while. */
export type PeerDoubt = 'SNUBBED' | WireCode;

/** What a fetch needs of the process it belongs to. */
export interface FetchHost {
  readonly inflightBudget: ByteBudget;
  readonly buffers: ChunkBuffers;
  readonly downGate: RateGate;
  /** A peer sent wrong bytes, or does not have what it said it has. */
  strike(link: PeerLink, error: ProtocolError): void;
  /** A peer is to be asked for little or nothing, which is no proof against it. */
  doubted(peerId: PeerId, doubt: PeerDoubt): void;
}
