import type { Socket } from 'node:net';
import { JsonSocket } from '@nestjs/microservices';
import { MAX_TRACKER_MESSAGE_CHARS } from '#protocol';
import {
  INCOMPLETE_MESSAGE_TIMEOUT_MS,
  MAX_INFLIGHT_REQUEST_COUNT,
  MAX_PATTERN_CHARS,
  MAX_RECEIVE_BUFFER_CHARS,
  MAX_REQUEST_ID_CHARS,
  MAX_SEND_BUFFER_BYTES,
} from './rpc-limits.js';

/** What a stranger sent is not a request; the connection is closed. */
class MalformedRequestError extends Error {}

/**
 * The transport's socket with its limits set, and three rules of ours: a message that is no
 * request closes the connection, so does one above MAX_TRACKER_MESSAGE_CHARS, and a connection has
 * at most MAX_INFLIGHT_REQUEST_COUNT requests worked on at once.
 */
export class RpcSocket extends JsonSocket {
  private inflightCount = 0;
  private readonly waiting: string[] = [];

  constructor(socket: Socket) {
    super(socket, {
      maxBufferSize: MAX_RECEIVE_BUFFER_CHARS,
      incompleteMessageTimeout: INCOMPLETE_MESSAGE_TIMEOUT_MS,
      maxSendBufferSize: MAX_SEND_BUFFER_BYTES,
    });
  }

  protected override emitMessage(text: string): void {
    if (text.length > MAX_TRACKER_MESSAGE_CHARS) {
      throw new MalformedRequestError(`a message of ${text.length} characters`);
    }
    if (this.inflightCount >= MAX_INFLIGHT_REQUEST_COUNT) {
      this.waiting.push(text);
      this.socket.pause();
      return;
    }
    this.begin(text);
  }

  protected override handleSend(message: unknown, callback?: (error?: unknown) => void): void {
    super.handleSend(message, callback);
    this.inflightCount -= 1;
    try {
      while (this.inflightCount < MAX_INFLIGHT_REQUEST_COUNT) {
        const next = this.waiting.shift();
        if (next === undefined) break;
        this.begin(next);
        if (this.waiting.length === 0) this.socket.resume();
      }
    } catch (error) {
      this.handleDataError(error);
    }
  }

  /** Whoever breaks the framing is not asked to close: half an open connection is still one. */
  protected override handleDataError(error: unknown): void {
    this.waiting.length = 0;
    super.handleDataError(error, { destroy: true });
  }

  private begin(text: string): void {
    const request = parseRequest(text);
    this.inflightCount += 1;
    // The transport tries to read a pattern as JSON: a bare word would cost an exception each time.
    this.socket.emit('message', { ...request, pattern: JSON.stringify(request.pattern) });
  }
}

interface RpcRequest {
  readonly pattern: string;
  readonly id: string;
  readonly data: unknown;
}

function parseRequest(text: string): RpcRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MalformedRequestError('not JSON', { cause });
  }
  const { pattern, id, data } = (value ?? {}) as Partial<Record<keyof RpcRequest, unknown>>;
  if (typeof pattern !== 'string' || pattern.length > MAX_PATTERN_CHARS) {
    throw new MalformedRequestError('no pattern');
  }
  if (typeof id !== 'string' || id === '' || id.length > MAX_REQUEST_ID_CHARS) {
    throw new MalformedRequestError('no id');
  }
  return { pattern, id, data };
}
