import type { Socket } from 'node:net';
import { TcpSocket } from '@nestjs/microservices';
import { JsonFrameSplitter, type TrackerPattern } from '#protocol';
import { HeldBytes } from './held-bytes.js';
import {
  INCOMPLETE_MESSAGE_TIMEOUT_MS,
  LONG_MESSAGE_BYTES,
  MAX_BEGUN_PER_TURN_COUNT,
  MAX_HELD_BYTES,
  MAX_INFLIGHT_LONG_COUNT,
  MAX_INFLIGHT_REQUEST_COUNT,
  MAX_PATTERN_CHARS,
  MAX_REQUEST_ID_CHARS,
  MAX_SEND_BUFFER_BYTES,
  MAX_UNMET_BEGUN_PER_TURN_COUNT,
} from './rpc-limits.js';
import { SendBuffers } from './send-buffers.js';
import { TurnShare } from './turn-share.js';

const buffers = new SendBuffers();
const held = new HeldBytes<RpcSocket>(MAX_HELD_BYTES, (socket) => socket.giveUp());
/** Replies of one turn of the event loop that are written before it ends. */
const MAX_GATHERED_CHARS = 256 * 1024;

const MAY_HAVE_LONG_REPLIES: ReadonlySet<string> = new Set<TrackerPattern>([
  'list',
  'locations',
  'manifest',
  'status',
]);

/** Emitted on a connection whenever somebody asks over it who may. */
export const MET_EVENT = 'met';

/** What a stranger sent is not a request, or it does not read; the connection is closed. */
class BrokenConnectionError extends Error {}

export interface RpcRequest {
  readonly pattern: string;
  readonly id: string;
  readonly data: unknown;
}

/** A reply without its envelope: the exchange's reply, or the refusal. Both as JSON. */
export type RpcReply = { readonly response: string } | { readonly err: string };

/**
 * One connection of the transport: emits `message` with each request on its socket, at most
 * MAX_INFLIGHT_REQUEST_COUNT of them before it gets their replies. Replies of one turn of the event
 * loop leave in one write. While a peer does not read them, nothing is read of it and no request of
 * it is begun. What all connections make us keep is bounded. Source: docs/tracker-api.md, "Transport".
 */
export class RpcSocket extends TcpSocket {
  private readonly splitter = new JsonFrameSplitter();
  private readonly waiting: RpcRequest[] = [];
  private inflightCount = 0;
  private sends: 'short' | 'long' = 'short';
  private outbox = '';
  private reading: 'open' | 'paused' = 'open';
  private isDraining = false;
  private incompleteTimer: NodeJS.Timeout | undefined;
  private share = new TurnShare(MAX_UNMET_BEGUN_PER_TURN_COUNT);
  private nextTurn: NodeJS.Immediate | undefined;

  constructor(socket: Socket) {
    super(socket);
    socket.on('close', () => {
      clearTimeout(this.incompleteTimer);
      clearImmediate(this.nextTurn);
      held.moved(this, 0);
    });
    socket.once(MET_EVENT, () => (this.share = new TurnShare(MAX_BEGUN_PER_TURN_COUNT)));
    socket.on('drain', () => {
      this.isDraining = false;
      held.moved(this, this.heldBytes);
      this.beginWaiting();
    });
  }

  /** Others need the memory that this connection has taken for longest. */
  giveUp(): void {
    this.handleDataError(new BrokenConnectionError('it kept what others need'));
  }

  reply(id: string, reply: RpcReply): void {
    const body = 'err' in reply ? `"err":${reply.err}` : `"response":${reply.response}`;
    const json = `{${body},"isDisposed":true,"id":${JSON.stringify(id)}}`;
    if (this.outbox === '') process.nextTick(() => this.flush());
    this.outbox += `${json.length}#${json}`;
    this.inflightCount -= 1;
    if (this.outbox.length > MAX_GATHERED_CHARS) this.flush();
    if (this.waiting.length > 0) this.beginWaiting();
  }

  protected override handleData(bytes: Buffer): void {
    clearTimeout(this.incompleteTimer);
    this.sends = this.splitter.heldBytes > LONG_MESSAGE_BYTES ? 'long' : 'short';
    for (const value of this.splitter.push(bytes)) this.waiting.push(toRequest(value));
    held.moved(this, this.heldBytes);
    this.beginWaiting();
    if (this.splitter.isEmpty) return;
    this.incompleteTimer = setTimeout(() => {
      this.handleDataError(new BrokenConnectionError('silent in the middle of a message'));
    }, INCOMPLETE_MESSAGE_TIMEOUT_MS);
  }

  /** The transport's own way to send; replies have theirs. */
  protected override handleSend(): void {
    throw new TypeError('a tracker replies and sends nothing else');
  }

  /** Whoever breaks the framing is not asked to close: half an open connection is still one. */
  protected override handleDataError(error: unknown): void {
    this.waiting.length = 0;
    super.handleDataError(error, { destroy: true });
  }

  private beginWaiting(): void {
    while (!this.isDraining) {
      const [request] = this.waiting;
      if (request === undefined || this.inflightCount >= this.maxInflightCount(request)) break;
      if (!this.share.take()) {
        this.nextTurn ??= setImmediate(() => {
          this.nextTurn = undefined;
          this.beginWaiting();
        });
        break;
      }
      this.waiting.shift();
      this.inflightCount += 1;
      this.socket.emit('message', request);
    }
    const wanted = this.isDraining || this.waiting.length > 0 ? 'paused' : 'open';
    if (wanted === this.reading) return;
    this.reading = wanted;
    if (wanted === 'paused') this.socket.pause();
    else this.socket.resume();
  }

  private maxInflightCount({ pattern }: RpcRequest): number {
    const isLong = this.sends === 'long' || MAY_HAVE_LONG_REPLIES.has(pattern);
    return isLong ? MAX_INFLIGHT_LONG_COUNT : MAX_INFLIGHT_REQUEST_COUNT;
  }

  private get heldBytes(): number {
    return this.splitter.heldBytes + this.socket.writableLength;
  }

  private flush(): void {
    const text = this.outbox;
    this.outbox = '';
    if (text === '' || this.socket.destroyed) return;
    if (this.write(text)) return;
    this.isDraining = true;
    held.moved(this, this.heldBytes);
    this.beginWaiting();
    if (this.socket.writableLength > MAX_SEND_BUFFER_BYTES) {
      this.handleDataError(new BrokenConnectionError('it does not read its replies'));
    }
  }

  /** Returns whether the peer keeps up. */
  private write(text: string): boolean {
    const { socket } = this;
    const written = buffers.write(text, (bytes, whenSent) => socket.write(bytes, whenSent));
    return written ?? socket.write(text);
  }
}

function toRequest(value: unknown): RpcRequest {
  const { pattern, id, data } = (value ?? {}) as Partial<Record<keyof RpcRequest, unknown>>;
  if (typeof pattern !== 'string' || pattern.length > MAX_PATTERN_CHARS) {
    throw new BrokenConnectionError('no pattern');
  }
  if (typeof id !== 'string' || id === '' || id.length > MAX_REQUEST_ID_CHARS) {
    throw new BrokenConnectionError('no id');
  }
  return { pattern, id, data };
}
