import { connect, type Socket } from 'node:net';
import { dialPinned, PinningError, type DialContext, type ProvenSocket } from '#identity';
import { formatEndpoint, type Endpoint, type EnrolRequest, type Fingerprint } from '#protocol';
import { TransferError } from '../core/transfer-error.js';

export interface OpenOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** How a client gets to its trackers. */
export interface TrackerPath {
  /** Tried in turn. */
  readonly trackers: readonly Endpoint[];
  /** Shown to a tracker that does not take us for a member. */
  readonly enrolment?: EnrolRequest;
  /** What it means that the other end has closed the connection without a word. */
  readonly silentEnd: string;
  /** Rejects with the system's error, TransferError WRONG_IDENTITY, or the signal's reason. */
  open(tracker: Endpoint, options: OpenOptions): Promise<Socket>;
}

export interface PinnedPathOptions {
  readonly trackers: readonly Endpoint[];
  /** Whose key each of them must prove to hold. */
  readonly fingerprint: Fingerprint;
  /** What we show of ourselves; asked for at the first connection. */
  readonly context: () => Promise<DialContext>;
  readonly enrolment?: EnrolRequest;
  /** Told of every connection whose tracker has proven to be the one. */
  readonly onProven?: (proven: ProvenSocket) => void;
}

/** Plain connections. */
export function plainPath(trackers: readonly Endpoint[]): TrackerPath {
  return {
    trackers,
    open: openSocket,
    silentEnd:
      'it closed the connection without a word (a secured tracker takes an invite, not --insecure)',
  };
}

/** Connections on which both ends have proven who they are. */
export function pinnedPath(options: PinnedPathOptions): TrackerPath {
  const { trackers, fingerprint, enrolment, onProven } = options;
  return {
    trackers,
    ...(enrolment === undefined ? {} : { enrolment }),
    silentEnd: 'it closed the connection',
    open: async (endpoint, { timeoutMs, signal }) => {
      const context = await options.context();
      const dial = { endpoint, context, timeoutMs, expected: fingerprint };
      try {
        const proven = await dialPinned({ ...dial, protocol: 'shoal-tracker/1' }, { signal });
        onProven?.(proven);
        return proven.socket;
      } catch (error) {
        throw pinningFailure(error as NodeJS.ErrnoException, endpoint);
      }
    },
  };
}

/** In words: who answers is somebody else, or does not speak what a tracker speaks. */
function pinningFailure(error: NodeJS.ErrnoException, tracker: Endpoint): Error {
  if (error.code === 'ECONNRESET') {
    const message = 'it ended the handshake (is it run with --insecure?)';
    return new Error(message, { cause: error });
  }
  if (!(error instanceof PinningError)) return error;
  switch (error.code) {
    case 'WRONG_IDENTITY':
      return new TransferError(
        'WRONG_IDENTITY',
        `what answers at ${formatEndpoint(tracker)} is not the tracker that the invite names: ` +
          'ask its operator for a new invite, and do not go on if nobody has changed it',
        { cause: error },
      );
    case 'HANDSHAKE_TIMEOUT':
      return new Error('no answer to the handshake', { cause: error });
    case 'HANDSHAKE_FAILED':
      return new Error('it does not speak TLS (is it run with --insecure?)', { cause: error });
    default:
      return new Error('what answers there is not a Shoal tracker', { cause: error });
  }
}

function openSocket(tracker: Endpoint, { timeoutMs, signal }: OpenOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(tracker);
    const timer = setTimeout(
      () => socket.destroy(new Error('no answer to the connection attempt')),
      timeoutMs,
    );
    const onAbort = () => socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    socket.once('error', (error) => {
      settle();
      reject(error);
    });
    socket.once('connect', () => {
      settle();
      resolve(socket);
    });
  });
}
