/** What makes and keeps a member of a network that is secured. Source: docs/tracker-api.md. */
import type { Role } from '../membership.js';

/** Makes the identity that the connection has proven a member. Over encrypted connections only. */
export interface EnrolRequest {
  /** Of an invite. */
  readonly token: string;
  readonly hostname: string;
}

export interface EnrolReply {
  readonly role: Role;
  readonly groups: readonly string[];
}

/** What a network that is secured tells its members as they join and with their heartbeats. */
export interface MembershipNews {
  /** The membership, signed, when it is new or the last one has half of its time behind it. */
  readonly credential?: string;
  /** The tracker's clock, milliseconds since 1970: what credentials are judged by, so that the clocks of
   *  members do not matter. */
  readonly timeMs?: number;
  /** Identities that were revoked within the lifetime of a credential, the latest
   *  MAX_REVOKED_PER_MESSAGE of them; left out when there are none. */
  readonly revoked?: readonly string[];
  /** Whether somebody else can reach this peer, once the tracker has tried; null: not tried yet, or
   *  the peer named nothing to dial. */
  readonly reachable?: boolean | null;
}
