import { connect, type Socket } from 'node:net';
import type { Endpoint } from '#protocol';
import { PeerConnection, type ConnectionOptions } from './peer-connection.js';

/** One read of a socket at most; reused for the whole connection. */
const READ_BUFFER_BYTES = 256 * 1024;
const CONNECT_TIMEOUT_MS = 5_000;

type DialOptions = Omit<ConnectionOptions, 'direction' | 'onRefused'>;

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

function dialEndpoint(
  endpoint: Endpoint,
  options: DialOptions,
  signal: AbortSignal,
): Promise<PeerConnection> {
  return new Promise((resolve, reject) => {
    let connection: PeerConnection | undefined;
    const socket: Socket = connect({
      ...endpoint,
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
        callback: (lengthBytes, buffer) => {
          connection?.push(buffer.subarray(0, lengthBytes));
          return true;
        },
      },
    });
    const timer = setTimeout(
      () => socket.destroy(new Error('no answer to the connection attempt')),
      CONNECT_TIMEOUT_MS,
    );
    const onAbort = () => socket.destroy(signal.reason as Error);
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    const onFailure = (error: Error) => {
      settle();
      reject(error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onFailure);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', onFailure);
      connection = PeerConnection.start(socket, {
        ...options,
        direction: 'dialled',
        admit: (met) => {
          settle();
          resolve(met);
          return options.admit(met);
        },
        onRefused: onFailure,
      });
    });
  });
}
