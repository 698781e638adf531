import type { OnReadOpts } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { HANDSHAKE_TIMEOUT_MS, type Endpoint, type Identity } from '#protocol';
import { PinningError } from './pinning-error.js';
import { prove, type ProvenSocket } from './proof.js';
import type { DialContext, PinnedProtocol } from './tls-options.js';

export interface PinnedDial {
  readonly endpoint: Endpoint;
  /** From createDialContext. */
  readonly context: DialContext;
  readonly protocol: PinnedProtocol;
  /** Who has to answer. */
  readonly expected: Identity;
  /** Reads into one buffer that is used again and again; `callback` is never called before the
   *  identity is proven. */
  readonly onread?: OnReadOpts;
  /** For the connection and the handshake together. */
  readonly timeoutMs?: number;
}

/**
 * Connects and resolves once the other end has proven to be `expected`; nothing has been written by
 * then. Whether the other end accepts us shows later: it closes the connection if not. Rejects with
 * PinningError, the system's error, or the signal's reason.
 */
export async function dialPinned(
  dial: PinnedDial,
  { signal }: { signal: AbortSignal },
): Promise<ProvenSocket> {
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const { endpoint, context, onread } = dial;
    const socket = connect({
      host: endpoint.host,
      port: endpoint.port,
      secureContext: context,
      ALPNProtocols: [dial.protocol],
      rejectUnauthorized: false,
      ...(onread === undefined ? {} : { onread }),
    });
    const timeoutMs = dial.timeoutMs ?? HANDSHAKE_TIMEOUT_MS;
    const timer = setTimeout(() => {
      socket.destroy(new PinningError('HANDSHAKE_TIMEOUT', 'no answer to the handshake'));
    }, timeoutMs);
    const onAbort = () => socket.destroy(signal.reason as Error);
    const onError = (error: Error) => settle(() => reject(handshakeError(error)));
    const onClose = () => settle(() => reject(handshakeError(undefined)));
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off('close', onClose);
      finish();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('close', onClose);
    socket.once('error', onError);
    socket.once('secureConnect', () => {
      const found = proofOf(socket, dial);
      if (found instanceof PinningError) {
        socket.destroy(found);
        return;
      }
      socket.off('error', onError);
      socket.setNoDelay(true);
      settle(() => resolve(found));
    });
  });
}

function proofOf(socket: TLSSocket, dial: PinnedDial): ProvenSocket | PinningError {
  try {
    return prove(socket, dial);
  } catch (error) {
    if (error instanceof PinningError) return error;
    throw error;
  }
}

/** OpenSSL's refusals become ours; the system's errors and reasons to abort stay what they are. */
function handshakeError(error: Error | undefined): Error {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  if (error !== undefined && !/^ERR_(SSL|TLS|OSSL)_/.test(code)) return error;
  return new PinningError('HANDSHAKE_FAILED', 'the handshake failed', { cause: error });
}
