import type { Socket } from 'node:net';
import {
  encodeJsonFrame,
  formatEndpoint,
  JsonFrameSplitter,
  ProtocolError,
  readTrackerError,
  TRACKER_PATTERNS,
  type Endpoint,
  type TrackerExchanges,
  type TrackerPattern,
} from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import {
  isMembershipRefusal,
  membershipError,
  type MembershipRefusal,
} from './membership-refusal.js';
import type { TrackerPath } from './tracker-path.js';

const CALL_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** An unused connection is dropped by the client before the tracker does it, and not between two heartbeats:
 *  another one would cost a handshake. */
const IDLE_MS = 5 * 60_000;

interface PendingCall {
  readonly socket: Socket;
  /** Both are harmless once the call is settled: its reply may come when nobody waits any more. */
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface TrackerTimeouts {
  readonly callMs: number;
  readonly connectMs: number;
}

const DEFAULT_TIMEOUTS: TrackerTimeouts = {
  callMs: CALL_TIMEOUT_MS,
  connectMs: CONNECT_TIMEOUT_MS,
};

/**
 * Typed calls to a tracker, over one connection that is opened when needed. Several trackers are
 * tried in turn, beginning with the one that answered last. Rejects with TrackerError (the
 * tracker's refusal), TransferError TRACKER_UNREACHABLE, WRONG_IDENTITY or a code of a refused
 * membership, or the signal's reason.
 * Source: docs/tracker-api.md, "Framing".
 */
export class TrackerClient {
  private readonly calls = new Map<string, PendingCall>();
  private connecting: Promise<Socket> | undefined;
  private socket: Socket | undefined;
  private preferredIndex = 0;
  private nextCallId = 1;

  private readonly closing = new AbortController();

  constructor(
    private readonly path: TrackerPath,
    private readonly timeouts: TrackerTimeouts = DEFAULT_TIMEOUTS,
  ) {}

  private get trackers(): readonly Endpoint[] {
    return this.path.trackers;
  }

  async call<P extends TrackerPattern>(
    pattern: P,
    request: TrackerExchanges[P]['request'],
    { signal }: { signal: AbortSignal },
  ): Promise<TrackerExchanges[P]['reply']> {
    try {
      return await this.ask(pattern, request, { signal });
    } catch (error) {
      if (!isMembershipRefusal(error)) throw error;
      await this.enrol(error, { signal });
    }
    try {
      return await this.ask(pattern, request, { signal });
    } catch (error) {
      throw isMembershipRefusal(error) ? membershipError(error, this.trackers) : error;
    }
  }

  private async ask<P extends TrackerPattern>(
    pattern: P,
    request: TrackerExchanges[P]['request'],
    { signal }: { signal: AbortSignal },
  ): Promise<TrackerExchanges[P]['reply']> {
    signal.throwIfAborted();
    for (let attempt = 1; ; attempt += 1) {
      const id = String(this.nextCallId++);
      const frame = encodeJsonFrame({ pattern: TRACKER_PATTERNS[pattern], data: request, id });
      const socket = await unlessAborted(this.connection(), signal);
      try {
        // It may have ended since: then nobody would tell us.
        if (socket.destroyed) throw unreachable(this.trackers, 'it closed the connection');
        const reply = await unlessAborted(this.exchange(socket, id, frame), signal);
        return reply as TrackerExchanges[P]['reply'];
      } catch (error) {
        // Every exchange may be repeated: what one tracker leaves open, the next may answer.
        const isAway = error instanceof TransferError && !this.closing.signal.aborted;
        if (!isAway || attempt >= this.trackers.length) throw error;
      }
    }
  }

  /** Calls under way, and all later ones, are rejected. */
  close(): void {
    this.closing.abort(unreachable(this.trackers, 'the client is closed'));
    this.socket?.destroy();
    this.socket = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Shows our invite to a tracker that does not take us for a member. Throws why it does not when
   *  there is no invite, or none that it takes. */
  private async enrol(
    refusal: MembershipRefusal,
    { signal }: { signal: AbortSignal },
  ): Promise<void> {
    const { enrolment } = this.path;
    if (enrolment === undefined) throw membershipError(refusal, this.trackers);
    try {
      await this.ask('enrol', enrolment, { signal });
    } catch (error) {
      if (!isMembershipRefusal(error)) throw error;
      // Of a member that was, the end of its membership says more than that of its invite.
      const told = refusal.code === 'NOT_A_MEMBER' ? error : refusal;
      throw membershipError(told, this.trackers);
    }
  }

  private exchange(socket: Socket, id: string, frame: string): Promise<unknown> {
    return new Promise<unknown>((resolve, reject) => {
      // A tracker that does not answer in time may still hold our request: leave that connection.
      const deadline = setTimeout(() => {
        socket.destroy(new Error('it does not answer'));
      }, this.timeouts.callMs);
      this.calls.set(id, {
        socket,
        resolve: (value) => {
          clearTimeout(deadline);
          resolve(value);
        },
        reject: (error) => {
          clearTimeout(deadline);
          reject(error);
        },
      });
      socket.write(frame);
    });
  }

  private async connection(): Promise<Socket> {
    if (this.socket !== undefined && !this.socket.destroyed) return this.socket;
    this.connecting ??= this.open().finally(() => (this.connecting = undefined));
    return this.connecting;
  }

  /** Shared by all calls that wait for it, so none of their signals ends it. */
  private async open(): Promise<Socket> {
    const { signal } = this.closing;
    let lastError: unknown;
    let refusal: TransferError | undefined;
    for (let attempt = 0; attempt < this.trackers.length; attempt += 1) {
      signal.throwIfAborted();
      const index = (this.preferredIndex + attempt) % this.trackers.length;
      try {
        const { connectMs: timeoutMs } = this.timeouts;
        const socket = await this.path.open(this.trackers[index]!, { timeoutMs, signal });
        this.preferredIndex = index;
        this.attach(socket, index);
        return socket;
      } catch (error) {
        if (error instanceof TransferError) refusal ??= error;
        lastError = error;
      }
    }
    signal.throwIfAborted();
    throw refusal ?? unreachable(this.trackers, (lastError as Error).message, lastError);
  }

  private attach(socket: Socket, index: number): void {
    const splitter = new JsonFrameSplitter();
    let failure: Error | undefined;
    let hasReplied = false;
    this.socket = socket;
    socket.setNoDelay(true);
    socket.setTimeout(IDLE_MS, () => {
      if (this.calls.size === 0) socket.destroy();
    });
    socket.on('error', (error) => (failure ??= error));
    socket.on('data', (bytes) => {
      try {
        for (const value of splitter.push(bytes)) {
          hasReplied = true;
          this.settle(value, socket);
        }
      } catch (error) {
        failure = error as Error;
        socket.destroy();
      }
    });
    socket.once('close', () => {
      if (this.socket === socket) this.socket = undefined;
      const abandoned = [...this.calls].filter(([, call]) => call.socket === socket);
      if (abandoned.length > 0) this.preferredIndex = (index + 1) % this.trackers.length;
      const reason =
        failure instanceof ProtocolError
          ? 'what answers there is not a Shoal tracker'
          : (failure?.message ?? (hasReplied ? 'it closed the connection' : this.path.silentEnd));
      const error = unreachable(this.trackers, reason, failure);
      for (const [id, call] of abandoned) {
        this.calls.delete(id);
        call.reject(error);
      }
    });
  }

  private settle(value: unknown, socket: Socket): void {
    const reply = (value ?? {}) as { id?: unknown; response?: unknown; err?: unknown };
    const id = typeof reply.id === 'string' ? reply.id : '';
    const call = this.calls.get(id);
    if (call?.socket !== socket) throw new ProtocolError('UNEXPECTED_FRAME', { got: 'a reply' });
    this.calls.delete(id);
    if (reply.err === undefined || reply.err === null) call.resolve(reply.response);
    else call.reject(readTrackerError(reply.err));
  }
}

/** What `work` gives, unless the signal is aborted first: then its reason, and `work` goes on. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function unreachable(
  trackers: readonly Endpoint[],
  reason: string,
  cause?: unknown,
): TransferError {
  const where = trackers.map(formatEndpoint).join(', ');
  return new TransferError(
    'TRACKER_UNREACHABLE',
    `cannot reach the tracker at ${where}: ${reason}`,
    {
      cause,
    },
  );
}
