import type { Bitfield, ChunkIndex, PeerId, WireCode } from '#protocol';
import type { PeerLink } from '../links/peer-link.js';

/** Everything that can happen to a transfer. Bytes of chunks do not pass here until a chunk is
 *  whole. */
export type TransferEvent =
  | { readonly type: 'peerJoined'; readonly link: PeerLink }
  | { readonly type: 'peerLeft'; readonly peerId: PeerId }
  | { readonly type: 'bitfieldReceived'; readonly peerId: PeerId; readonly held: Bitfield }
  | {
      readonly type: 'chunksGained';
      readonly peerId: PeerId;
      readonly chunkIndexes: readonly ChunkIndex[];
    }
  | { readonly type: 'chunkSuggested'; readonly peerId: PeerId; readonly chunkIndex: ChunkIndex }
  | { readonly type: 'unchoked'; readonly peerId: PeerId }
  | {
      readonly type: 'chunkArrived';
      readonly peerId: PeerId;
      readonly chunkIndex: ChunkIndex;
      readonly bytes: Buffer;
    }
  | {
      readonly type: 'requestRejected';
      readonly peerId: PeerId;
      readonly chunkIndex: ChunkIndex;
      readonly code: WireCode;
    }
  | { readonly type: 'chunkStored'; readonly chunkIndex: ChunkIndex; readonly bytes: Buffer }
  | { readonly type: 'storeFailed'; readonly error: Error; readonly bytes: Buffer }
  | { readonly type: 'claimProven'; readonly chunkIndex: ChunkIndex }
  | { readonly type: 'claimRefuted'; readonly chunkIndex: ChunkIndex }
  | { readonly type: 'roomFreed' }
  | { readonly type: 'ticked' };
