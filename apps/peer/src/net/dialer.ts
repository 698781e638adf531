import { connect, type OnReadOpts, type Socket } from 'node:net';
import { dialPinned } from '#identity';
import { identityOf, type Endpoint, type PeerId } from '#protocol';
import { MemberProof, type MemberCheck, type Secured } from './member-proof.js';
import { PeerConnection, type ConnectionOptions } from './peer-connection.js';

/** One read of a socket at most; reused for the whole connection. */
const READ_BUFFER_BYTES = 256 * 1024;
const CONNECT_TIMEOUT_MS = 5_000;

export interface DialOptions extends Omit<
  ConnectionOptions,
  'direction' | 'onRefused' | 'proof' | 'expectedPeerId'
> {
  readonly expectedPeerId: PeerId;
  /** Members only; undefined in the open. */
  readonly secured?: Secured | undefined;
}

/**
 * Tries the endpoints of one peer in turn until it says hello at one of them; from then on the
 * connection is its handler's. Rejects with the last error, or with the signal's reason.
 */
export async function dialPeer(
  endpoints: readonly Endpoint[],
  options: DialOptions,
  { signal }: { signal: AbortSignal },
): Promise<PeerConnection> {
  let lastError: unknown = new Error('the peer has no address');
  for (const endpoint of endpoints) {
    signal.throwIfAborted();
    try {
      return await dialEndpoint(endpoint, options, signal);
    } catch (error) {
      lastError = error;
    }
  }
  throw lastError;
}

async function dialEndpoint(
  endpoint: Endpoint,
  { secured, ...options }: DialOptions,
  signal: AbortSignal,
): Promise<PeerConnection> {
  let connection: PeerConnection | undefined;
  const onread: OnReadOpts = {
    buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
    callback: (lengthBytes, buffer) => {
      connection?.push(buffer.subarray(0, lengthBytes));
      return true;
    },
  };
  const opened =
    secured === undefined
      ? { socket: await openSocket(endpoint, onread, signal), ...options }
      : await openSecured({ endpoint, onread, secured }, options, signal);
  const { socket, ...known } = opened;
  return await new Promise((resolve, reject) => {
    const onAbort = () => socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = () => signal.removeEventListener('abort', onAbort);
    connection = PeerConnection.start(socket, {
      ...known,
      direction: 'dialled',
      admit: (met) => {
        settle();
        resolve(met);
        return options.admit(met);
      },
      onRefused: (error) => {
        settle();
        reject(error);
      },
    });
  });
}

/** Waits until there is a membership to show, and finds out who is there before a word is said. */
async function openSecured<O extends Omit<DialOptions, 'secured'>>(
  dial: { endpoint: Endpoint; onread: OnReadOpts; secured: Secured },
  options: O,
  signal: AbortSignal,
): Promise<O & { socket: Socket; proof: MemberProof }> {
  const { endpoint, onread, secured } = dial;
  const { context, members } = secured;
  const credential = await ownCredential(members, signal);
  const { socket, identity } = await dialPinned(
    {
      endpoint,
      onread,
      context,
      protocol: 'shoal/1',
      expected: identityOf(options.expectedPeerId),
      timeoutMs: CONNECT_TIMEOUT_MS,
    },
    { signal },
  );
  const proof = new MemberProof(identity, members);
  return { ...options, self: { ...options.self, credential }, socket, proof };
}

async function ownCredential(members: MemberCheck, signal: AbortSignal): Promise<string> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]);
  try {
    return await members.ownCredential({ signal: deadline });
  } catch (cause) {
    signal.throwIfAborted();
    throw new Error('no tracker has told yet that this home is a member', { cause });
  }
}

function openSocket(endpoint: Endpoint, onread: OnReadOpts, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...endpoint, onread });
    const timer = setTimeout(
      () => socket.destroy(new Error('no answer to the connection attempt')),
      CONNECT_TIMEOUT_MS,
    );
    const onAbort = () => socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onFailure);
    };
    const onFailure = (error: Error) => {
      settle();
      reject(error);
    };
    socket.once('error', onFailure);
    socket.once('connect', () => {
      settle();
      resolve(socket);
    });
  });
}
