import { MAX_TRACKER_MESSAGE_CHARS } from '#protocol';

/** A connection that is silent in the middle of a message for this long is closed. */
export const INCOMPLETE_MESSAGE_TIMEOUT_MS = 15_000;
/** Replies that a peer does not read; beyond it the connection is closed. */
export const MAX_SEND_BUFFER_BYTES = 8 * MAX_TRACKER_MESSAGE_CHARS;
export const MAX_CONNECTION_COUNT = 10_000;
/** A connection without a byte in either direction for this long is closed. */
export const IDLE_TIMEOUT_MS = 10 * 60_000;
/** Requests of one connection that are worked on at once; the others wait in the socket. */
export const MAX_INFLIGHT_REQUEST_COUNT = 64;
export const MAX_REQUEST_ID_CHARS = 64;
export const MAX_PATTERN_CHARS = 32;
/** Left free in a reply for what surrounds it: the frame, the id. */
export const REPLY_ENVELOPE_CHARS = 1_024;
export const MAX_REPLY_CHARS = MAX_TRACKER_MESSAGE_CHARS - REPLY_ENVELOPE_CHARS;
