import type { Endpoint, Fingerprint, InviteToken } from '#protocol';

/**
 * How a process gets to its network: in the open, or with both ends of every connection proven. A
 * process is in one of the two, and never falls back from the second to the first.
 */
export type NetworkAccess = OpenAccess | PinnedAccess;

/** Plain connections, no membership. */
export interface OpenAccess {
  readonly mode: 'open';
  /** Tried in turn. */
  readonly trackers: readonly Endpoint[];
}

/** Encrypted connections between members. */
export interface PinnedAccess {
  readonly mode: 'pinned';
  /** Tried in turn. */
  readonly trackers: readonly Endpoint[];
  /** Which key each of the trackers must prove to hold. */
  readonly fingerprint: Fingerprint;
  /** Of an invite: used once when the tracker does not know this home yet. */
  readonly token?: InviteToken;
  /** How long members' credentials are taken after their end while no tracker can be reached. */
  readonly offlineGraceMs: number;
}
