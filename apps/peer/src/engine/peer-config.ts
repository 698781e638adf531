import type { Endpoint } from '#protocol';
import type { NetworkAccess } from './membership/network-access.js';

/** What an operator may choose for one process. Rates are bytes per second. */
export interface PeerConfig {
  readonly network: NetworkAccess;
  readonly listen: Endpoint;
  /** What others are told to dial, instead of the listening address. */
  readonly advertise?: Endpoint;
  readonly maxUpBytesPerSecond: number;
  readonly maxDownBytesPerSecond: number;
  /** Peers that one download connects to. */
  readonly maxPeerCount: number;
  readonly programVersion: string;
}

export const DEFAULT_MAX_PEER_COUNT = 40;

/** Bytes asked for and not yet stored, over all transfers of a process: the one number that what a
 *  peer takes of memory follows from. */
export const MAX_INFLIGHT_BYTES = 56 * 1024 * 1024;
/** Bytes read from disk and not yet handed to the system, over all connections. */
export const MAX_SERVING_BYTES = MAX_INFLIGHT_BYTES / 2;
/** Memory for chunks, in use or kept to be used again. */
export const MAX_BUFFER_BYTES = MAX_INFLIGHT_BYTES + MAX_SERVING_BYTES;
export const MAX_CONNECTION_COUNT = 512;
/** Connections with processes of one member, whatever peer ids they say. */
export const MAX_CONNECTIONS_OF_IDENTITY = 16;
export const MAX_DIALS_AT_ONCE = 32;
export const MAX_UPLOAD_SLOT_COUNT = 32;
/** Transfers of one download command that run at the same time. */
export const MAX_TRANSFERS_AT_ONCE = 64;
/** As {@link MAX_TRANSFERS_AT_ONCE}, of files of one chunk: one peer may have to give them all, and
 *  each end may have so many requests waiting at the other. */
export const MAX_SMALL_TRANSFERS_AT_ONCE = 400;
/** Small files that wait for their names before more are fetched. */
export const MAX_UNPLACED_FILES = 2_000;
export const MAX_OPEN_FILES = 256;
/** How many peers may be asked for one chunk at once, near the end of a download. */
export const MAX_ENDGAME_COPIES = 3;

export const TICK_MS = 250;
/** A peer that owes us bytes and sends none for this long is snubbed: others are asked. */
export const SNUB_MS = 4_000;
/** A snubbed peer that stays silent for this long is dropped. */
export const MAX_SNUBBED_MS = 30_000;
/** In the endgame a chunk is asked of a second peer when the first is expected to need longer. */
export const ENDGAME_WAIT_MS = 300;
/** How often the resume record catches up with what is stored. */
export const RECORD_INTERVAL_MS = 2_000;
/** How often shared files are compared with what was hashed. */
export const SOURCE_CHECK_MS = 2_000;
/** An end that reads nothing for this long is left when others wait for the memory of what it asked. */
export const MAX_SCARCE_STALL_MS = 10_000;
/** A connection without any file in common is closed after this long. */
export const IDLE_LINK_MS = 30_000;
