import { connect, type Socket } from 'node:net';
import {
  encodeJsonFrame,
  formatEndpoint,
  isTrackerCode,
  JsonFrameSplitter,
  ProtocolError,
  TRACKER_PATTERNS,
  TrackerError,
  type Endpoint,
  type TrackerExchanges,
  type TrackerPattern,
} from '#protocol';
import { TransferError } from '../core/transfer-error.js';

const CALL_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** An unused connection is dropped by the client before the tracker does it. */
const IDLE_MS = 20_000;

interface PendingCall {
  readonly socket: Socket;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Typed calls to a tracker, over one connection that is opened when needed. Several trackers are
 * tried in turn, beginning with the one that answered last. Rejects with TrackerError (the
 * tracker's refusal), TransferError TRACKER_UNREACHABLE, or the signal's reason.
 * Source: docs/tracker-api.md, "Framing".
 */
export class TrackerClient {
  private readonly calls = new Map<string, PendingCall>();
  private connecting: Promise<Socket> | undefined;
  private socket: Socket | undefined;
  private preferredIndex = 0;
  private nextCallId = 1;

  constructor(private readonly trackers: readonly Endpoint[]) {}

  async call<P extends TrackerPattern>(
    pattern: P,
    request: TrackerExchanges[P]['request'],
    { signal }: { signal: AbortSignal },
  ): Promise<TrackerExchanges[P]['reply']> {
    signal.throwIfAborted();
    const socket = await this.connection(signal);
    const id = String(this.nextCallId++);
    const deadline = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const bounded = AbortSignal.any([signal, deadline]);
    const reply = new Promise<unknown>((resolve, reject) => {
      const onAbort = () => {
        // A tracker that does not answer in time may still hold our request: leave that connection.
        socket.destroy();
        reject(
          signal.aborted
            ? (signal.reason as Error)
            : unreachable(this.trackers, 'it does not answer'),
        );
      };
      bounded.addEventListener('abort', onAbort, { once: true });
      const settle = () => bounded.removeEventListener('abort', onAbort);
      this.calls.set(id, {
        socket,
        resolve: (value) => {
          settle();
          resolve(value);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
    }).finally(() => this.calls.delete(id));
    socket.write(encodeJsonFrame({ pattern: TRACKER_PATTERNS[pattern], data: request, id }));
    return (await reply) as TrackerExchanges[P]['reply'];
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private async connection(signal: AbortSignal): Promise<Socket> {
    if (this.socket !== undefined && !this.socket.destroyed) return this.socket;
    this.connecting ??= this.open(signal).finally(() => (this.connecting = undefined));
    return this.connecting;
  }

  private async open(signal: AbortSignal): Promise<Socket> {
    let lastError: unknown;
    for (let attempt = 0; attempt < this.trackers.length; attempt += 1) {
      signal.throwIfAborted();
      const index = (this.preferredIndex + attempt) % this.trackers.length;
      try {
        const socket = await openSocket(this.trackers[index]!);
        this.preferredIndex = index;
        this.attach(socket, index);
        return socket;
      } catch (error) {
        lastError = error;
      }
    }
    throw unreachable(this.trackers, (lastError as Error).message, lastError);
  }

  private attach(socket: Socket, index: number): void {
    const splitter = new JsonFrameSplitter();
    let failure: Error | undefined;
    this.socket = socket;
    socket.setNoDelay(true);
    socket.setTimeout(IDLE_MS, () => {
      if (this.calls.size === 0) socket.destroy();
    });
    socket.on('error', (error) => (failure ??= error));
    socket.on('data', (bytes) => {
      try {
        for (const value of splitter.push(bytes)) this.settle(value);
      } catch (error) {
        failure = error as Error;
        socket.destroy();
      }
    });
    socket.once('close', () => {
      if (this.socket === socket) this.socket = undefined;
      const abandoned = [...this.calls.values()].filter((call) => call.socket === socket);
      if (abandoned.length > 0) this.preferredIndex = (index + 1) % this.trackers.length;
      const reason =
        failure instanceof ProtocolError
          ? 'what answers there is not a Shoal tracker'
          : (failure?.message ?? 'it closed the connection');
      const error = unreachable(this.trackers, reason, failure);
      for (const call of abandoned) call.reject(error);
    });
  }

  private settle(value: unknown): void {
    const reply = value as { id?: unknown; response?: unknown; err?: unknown };
    const call = typeof reply.id === 'string' ? this.calls.get(reply.id) : undefined;
    if (call === undefined) throw new ProtocolError('UNEXPECTED_FRAME', { got: 'a reply' });
    if (reply.err === undefined || reply.err === null) call.resolve(reply.response);
    else call.reject(toTrackerError(reply.err));
  }
}

function openSocket(tracker: Endpoint): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(tracker);
    const timer = setTimeout(
      () => socket.destroy(new Error('no answer to the connection attempt')),
      CONNECT_TIMEOUT_MS,
    );
    socket.once('error', reject);
    socket.once('close', () => clearTimeout(timer));
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function toTrackerError(err: unknown): Error {
  const { code, message } = err as { code?: unknown; message?: unknown };
  return new TrackerError(
    isTrackerCode(code) ? code : 'INTERNAL',
    typeof message === 'string' ? message : JSON.stringify(err).slice(0, 200),
  );
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
