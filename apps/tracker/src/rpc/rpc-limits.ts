import { MAX_TRACKER_MESSAGE_CHARS } from '#protocol';

/** A connection that is silent in the middle of a message for this long is closed. */
export const INCOMPLETE_MESSAGE_TIMEOUT_MS = 15_000;
/** Replies that a peer does not read; beyond it the connection is closed. */
export const MAX_SEND_BUFFER_BYTES = 8 * MAX_TRACKER_MESSAGE_CHARS;
/** What messages that have not all arrived and replies that are not read take, over all connections;
 *  beyond it the connection that has moved nothing for the longest is closed. */
export const MAX_HELD_BYTES = 16 * MAX_TRACKER_MESSAGE_CHARS;
export const MAX_CONNECTION_COUNT = 10_000;
/** Of these, of one member: a home with dozens of processes. With all requests that they may have waiting it
 *  takes a quarter of the writer's queue. */
export const MAX_CONNECTION_COUNT_OF_MEMBER = 64;
/** Connections that have not proven who they are; the oldest goes when another comes. */
export const MAX_UNPROVEN_CONNECTION_COUNT = 128;
/** Connections beside those that have sent no request yet; the oldest goes when another comes. */
export const MAX_UNMET_CONNECTION_COUNT = 512;
/** A connection that has sent no request by then is closed, unless one arrives at a fair rate. */
export const FIRST_REQUEST_TIMEOUT_MS = 5_000;
export const MIN_FIRST_REQUEST_BYTES_PER_MS = 16;
/** A connection without a byte in either direction for this long is closed. */
export const IDLE_TIMEOUT_MS = 10 * 60_000;
/** Requests of one connection that are worked on at once; the others wait in the socket. */
export const MAX_INFLIGHT_REQUEST_COUNT = 64;
/** The same of requests that are long, or whose replies may be. */
export const MAX_INFLIGHT_LONG_COUNT = 2;
/** Requests of one connection that begin in one turn of the event loop: others come in between. */
export const MAX_BEGUN_PER_TURN_COUNT = 16;
/** The same of a connection over which no member has asked yet. */
export const MAX_UNMET_BEGUN_PER_TURN_COUNT = 2;
export const LONG_MESSAGE_BYTES = 64 * 1024;
export const MAX_REQUEST_ID_CHARS = 64;
export const MAX_PATTERN_CHARS = 32;
/** Left free in a reply for what surrounds it: the frame, the id. */
export const REPLY_ENVELOPE_CHARS = 1_024;
export const MAX_REPLY_CHARS = MAX_TRACKER_MESSAGE_CHARS - REPLY_ENVELOPE_CHARS;
