/**
 * What peers and trackers say to each other: a pattern, a request and a reply each. JSON over the
 * framing in json-frame.ts. Every exchange may be repeated without harm. Source: docs/tracker-api.md.
 */
import type { TrackerCode } from '../errors.js';
import type { EnrolReply, EnrolRequest, MembershipNews } from './membership-api.js';

export const API_VERSION = 1;

export const TRACKER_PATTERNS = {
  enrol: 'enrol',
  join: 'join',
  heartbeat: 'heartbeat',
  leave: 'leave',
  register: 'register',
  manifestPut: 'manifestPut',
  chunkRegister: 'chunkRegister',
  unshare: 'unshare',
  list: 'list',
  locations: 'locations',
  manifest: 'manifest',
  status: 'status',
} as const;

export type TrackerPattern = keyof typeof TRACKER_PATTERNS;

/** A file, by its name or by its digest (`b3:…`); no name can begin like a digest. */
export type FileRef = string;

/** What a peer holds of a file: nothing, everything, or a base64 bitfield. The two words are no
 *  multiple of 4 long, so that no bitfield encodes to one of them. */
export type HeldChunks = string;
export const HELD_NONE = 'nothing';
export const HELD_ALL = 'all';

export interface Endpoint {
  /** IPv4 or IPv6 address, without brackets; or a host name that was advertised. */
  readonly host: string;
  readonly port: number;
}

/** Who is asking. `session` is 32 hex digits that a process draws at each join. */
export interface Caller {
  readonly peerId: string;
  readonly session: string;
}

export interface JoinRequest extends Caller {
  readonly apiVersions: readonly number[];
  readonly features: readonly string[];
  readonly hostname: string;
  readonly programVersion: string;
  readonly os: string;
  readonly labels: readonly string[];
  /** Candidates in order of preference. Empty: nobody can dial this peer. */
  readonly endpoints: readonly Endpoint[];
}

/** A join with a session the tracker has not seen forgets what it believed this peer holds. */
export interface JoinReply extends MembershipNews {
  readonly apiVersion: number;
  readonly features: readonly string[];
  /** Changes when the tracker starts: a peer that sees another one joins and registers again. */
  readonly bootId: string;
  readonly leaseMs: number;
  /** The address the tracker sees this peer come from. */
  readonly observedHost: string;
}

export interface HeartbeatRequest extends Caller {
  /** Totals since the process began. */
  readonly bytesUp: number;
  readonly bytesDown: number;
}

export interface HeartbeatReply extends MembershipNews {
  readonly bootId: string;
  readonly leaseMs: number;
}

export type LeaveRequest = Caller;

/** One outcome for each file of a request, in its order. */
export type FileResult = { readonly ok: true; readonly restricted?: true } | FileRefusal;
export interface FileRefusal {
  readonly ok: false;
  readonly code: TrackerCode;
  readonly message: string;
}

export interface RegisterRequest extends Caller {
  readonly files: readonly RegisterFile[];
}

export interface RegisterFile {
  readonly digest: string;
  readonly sizeBytes: number;
  /** base64 of all chunk hashes. Left out when the tracker has them (or for more than
   *  MAX_HASHES_PER_MESSAGE in one message: see manifestPut); refused with MANIFEST_NEEDED if not. */
  readonly hashes?: string;
  readonly name?: string;
  /** `publish`: refused with NAME_TAKEN when the name points elsewhere. `replace`: a new version.
   *  `keep`: makes the name only where it never was, and never moves it. */
  readonly naming: 'publish' | 'replace' | 'keep';
  /** Replaces what the tracker believes this peer holds. */
  readonly held: HeldChunks;
  /** Groups that may have the file by this name; left out: every member. With `keep` only where that
   *  makes the name. A result that is `restricted` asks for a grant of whoever opens the file. */
  readonly allow?: readonly string[];
}

export interface RegisterReply {
  readonly results: readonly FileResult[];
}

/** A page of the hashes of a large manifest, sent before Register. Pages may come in any order. */
export interface ManifestPutRequest extends Caller {
  readonly digest: string;
  readonly sizeBytes: number;
  /** A multiple of MAX_HASHES_PER_MESSAGE. */
  readonly firstChunkIndex: number;
  readonly hashes: string;
}

export interface ManifestPutReply {
  /** True once all pages are there and match the digest. */
  readonly complete: boolean;
}

export interface ChunkRegisterRequest extends Caller {
  readonly files: readonly ChunkRegisterFile[];
}

export interface ChunkRegisterFile {
  readonly digest: string;
  /** Chunks newly stored and verified: [first, last], both included. */
  readonly ranges: readonly (readonly [number, number])[];
}

export interface ChunkRegisterReply {
  readonly results: readonly FileResult[];
}

export interface UnshareRequest extends Caller {
  readonly files: readonly UnshareFile[];
}

export interface UnshareFile {
  readonly ref: FileRef;
  /** `peer`: this process; `identity`: every process of this home. */
  readonly scope: 'peer' | 'identity';
  /** `purge` removes the name too, when this identity published it (else NAME_NOT_YOURS). */
  readonly naming: 'keep' | 'purge';
  /** True when this host has had the whole file, though it keeps none of it. */
  readonly completed?: boolean;
}

export interface UnshareReply {
  readonly results: readonly FileResult[];
}

export interface FileSummary {
  /** The name asked for; null for a digest that no name points at any more. */
  readonly name: string | null;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  readonly chunkCount: number;
  readonly seeders: number;
  readonly leechers: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** base64; only for a file of one chunk. */
  readonly hash?: string;
}

export interface ListRequest {
  readonly prefix: string;
  /** The last name of the page before. */
  readonly after?: string;
  readonly limit: number;
}

export interface ListReply {
  readonly total: number;
  readonly files: readonly FileSummary[];
  /** `after` of the next page; null at the end. */
  readonly next: string | null;
}

export interface LocationsRequest {
  readonly files: readonly FileRef[];
  /** Left out of the answer: the asking peer itself. */
  readonly exclude?: string;
  readonly limit: number;
}

export interface Location {
  readonly peerId: string;
  readonly hostname: string;
  readonly endpoints: readonly Endpoint[];
  readonly chunksHeld: number;
  readonly complete: boolean;
  /** Null where a bitfield would make the message too large: peers tell each other. */
  readonly held: HeldChunks | null;
}

export type LocationsResult =
  | {
      readonly ok: true;
      readonly file: FileSummary;
      /** All online peers in the swarm; `locations` is a selection for the asker. */
      readonly count: number;
      readonly locations: readonly Location[];
      /** Of a digest with a restricted name: the asker's right to it, signed, for `open`. */
      readonly grant?: string;
    }
  | FileRefusal;

/** May hold fewer results than files were asked for: ask again for the rest. */
export interface LocationsReply {
  readonly files: readonly LocationsResult[];
}

export interface ManifestRequest {
  readonly files: readonly { readonly digest: string; readonly firstChunkIndex: number }[];
}

export type ManifestResult =
  | {
      readonly ok: true;
      readonly sizeBytes: number;
      /** base64 of the hashes from firstChunkIndex on. */
      readonly hashes: string;
      /** firstChunkIndex of the next page; null at the end. */
      readonly next: number | null;
    }
  | FileRefusal;

/** May hold fewer results than files were asked for: ask again for the rest. */
export interface ManifestReply {
  readonly files: readonly ManifestResult[];
}

export interface StatusRequest {
  readonly ref: FileRef;
  /** The last identity of the page before. */
  readonly after?: string;
  readonly limit: number;
}

export interface HostStatus {
  readonly identity: string;
  readonly hostname: string;
  /** The identity's latest process, in this swarm if there is one; null once it is forgotten. */
  readonly peerId: string | null;
  readonly host: string | null;
  readonly chunksHeld: number;
  readonly chunkCount: number;
  readonly complete: boolean;
  readonly online: boolean;
  readonly lastSeenAt: string;
}

export interface StatusReply {
  readonly name: string | null;
  readonly digest: string;
  readonly hostsDone: number;
  readonly hostsTotal: number;
  readonly hosts: readonly HostStatus[];
  readonly next: string | null;
}

/** Request and reply of each pattern. */
export interface TrackerExchanges {
  enrol: { request: EnrolRequest; reply: EnrolReply };
  join: { request: JoinRequest; reply: JoinReply };
  heartbeat: { request: HeartbeatRequest; reply: HeartbeatReply };
  leave: { request: LeaveRequest; reply: Record<string, never> };
  register: { request: RegisterRequest; reply: RegisterReply };
  manifestPut: { request: ManifestPutRequest; reply: ManifestPutReply };
  chunkRegister: { request: ChunkRegisterRequest; reply: ChunkRegisterReply };
  unshare: { request: UnshareRequest; reply: UnshareReply };
  list: { request: ListRequest; reply: ListReply };
  locations: { request: LocationsRequest; reply: LocationsReply };
  manifest: { request: ManifestRequest; reply: ManifestReply };
  status: { request: StatusRequest; reply: StatusReply };
}
