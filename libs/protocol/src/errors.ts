import { MAX_RETRY_AFTER_MS } from './limits.js';

/**
 * Codes of broken rules on the peer wire, with the number that `close`, `reject` and `goodbye`
 * carry. Public: numbers and names are never reused or renamed. Source: docs/wire-protocol.md.
 */
export const WIRE_CODES = {
  OK: 0,
  BAD_MAGIC: 1,
  UNSUPPORTED_VERSION: 2,
  MALFORMED_FRAME: 3,
  FRAME_TOO_LARGE: 4,
  UNKNOWN_FRAME: 5,
  UNEXPECTED_FRAME: 6,
  UNKNOWN_FILE: 7,
  FILE_WITHDRAWN: 8,
  CHUNK_NOT_HELD: 9,
  OUT_OF_RANGE: 10,
  CHOKED: 11,
  TOO_MANY_REQUESTS: 12,
  TOO_MANY_FILES: 13,
  CANCELLED: 14,
  WRONG_PEER: 15,
  DUPLICATE_CONNECTION: 16,
  TOO_MANY_CONNECTIONS: 17,
  HANDSHAKE_TIMEOUT: 18,
  SILENT: 19,
  SHUTTING_DOWN: 20,
  BANNED: 21,
  CHUNK_HASH_MISMATCH: 22,
  INTERNAL: 23,
  IDLE: 24,
  NOT_AUTHORISED: 25,
  NOT_ALLOWED: 26,
} as const;

export type WireCode = keyof typeof WIRE_CODES;

const wireCodeNames = new Map<number, WireCode>(
  Object.entries(WIRE_CODES).map(([name, value]) => [value, name as WireCode]),
);

/** Name of a code number, INTERNAL for a number this version does not know. */
export function wireCodeName(value: number): WireCode {
  return wireCodeNames.get(value) ?? 'INTERNAL';
}

/** Codes for values that break the rules before they reach a wire. */
export type ValueCode =
  | 'INVALID_NAME'
  | 'INVALID_DIGEST'
  | 'INVALID_PEER_ID'
  | 'INVALID_ENDPOINT'
  | 'INVALID_INVITE'
  | 'INVALID_GROUP'
  | 'INVALID_MANIFEST'
  | 'INVALID_BITFIELD'
  | 'FILE_TOO_LARGE';

export type ProtocolCode = WireCode | ValueCode;

/** A stranger broke the rules: close the connection, strike or ban. `details` is for people. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';

  constructor(
    readonly code: ProtocolCode,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(describe(code, details), options);
  }
}

/** Every refusal a tracker can answer. Public: never renamed. Source: docs/tracker-api.md. */
export const TRACKER_CODES = [
  'UNSUPPORTED_API_VERSION',
  'INVALID_REQUEST',
  'SESSION_UNKNOWN',
  'NOT_A_MEMBER',
  'MEMBER_REVOKED',
  'MEMBER_EXPIRED',
  'INVITE_UNKNOWN',
  'INVITE_EXPIRED',
  'INVITE_USED_UP',
  'WRONG_IDENTITY',
  'NOT_ALLOWED',
  'FILE_NOT_FOUND',
  'NAME_TAKEN',
  'NAME_NOT_YOURS',
  'INVALID_NAME',
  'INVALID_MANIFEST',
  'MANIFEST_NEEDED',
  'NOT_IN_SWARM',
  'OUT_OF_RANGE',
  'TOO_MANY_FILES',
  'BUSY',
  'SHUTTING_DOWN',
  'INTERNAL',
] as const;

export type TrackerCode = (typeof TRACKER_CODES)[number];

export function isTrackerCode(value: unknown): value is TrackerCode {
  return typeof value === 'string' && (TRACKER_CODES as readonly string[]).includes(value);
}

export interface TrackerErrorOptions extends ErrorOptions {
  readonly retryAfterMs?: number;
}

/** A tracker's refusal, as it crosses the wire: `{ code, message, retryAfterMs? }`. */
export class TrackerError extends Error {
  override readonly name = 'TrackerError';
  /** When it makes sense to ask again: 0 to MAX_RETRY_AFTER_MS. */
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly code: TrackerCode,
    message: string,
    { retryAfterMs, ...options }: TrackerErrorOptions = {},
  ) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

/** What stands under `err` in a reply: whatever it is, a TrackerError. */
export function readTrackerError(err: unknown): TrackerError {
  const { code, message, retryAfterMs } = (err ?? {}) as Readonly<Record<string, unknown>>;
  const isTime = typeof retryAfterMs === 'number' && retryAfterMs >= 0;
  return new TrackerError(
    isTrackerCode(code) ? code : 'INTERNAL',
    typeof message === 'string' ? message : 'a refusal without a message',
    isTime ? { retryAfterMs: Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) } : {},
  );
}

function describe(code: string, details: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(details).map(([key, value]) => `${key}=${String(value)}`);
  return pairs.length === 0 ? code : `${code} (${pairs.join(', ')})`;
}
