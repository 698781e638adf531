import type { KeyObject } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Identity } from '#protocol';
import { identityOfCertificate } from './certificate.js';
import { PinningError } from './pinning-error.js';
import type { PinnedProtocol } from './tls-options.js';

declare const proven: unique symbol;

/** A connection whose other end has proven to hold the key of `identity`. Only {@link prove} makes
 *  one, once its handshake is done. */
export interface ProvenSocket {
  readonly socket: TLSSocket;
  readonly identity: Identity;
  readonly publicKey: KeyObject;
  readonly [proven]: true;
}

/** Says who is at the other end. To be called in the turn in which the handshake is done, before any
 *  byte is read or written. Throws PinningError. */
export function prove(
  socket: TLSSocket,
  { protocol, expected }: { protocol: PinnedProtocol; expected?: Identity | undefined },
): ProvenSocket {
  // A resumed session proves a key of an earlier connection. Neither end offers or keeps any.
  if (socket.isSessionReused()) {
    throw new PinningError('SESSION_RESUMED', 'the session is that of another connection');
  }
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) {
    throw new PinningError('NO_CERTIFICATE', 'the other end has shown no certificate');
  }
  const identity = identityOfCertificate(certificate);
  if (expected !== undefined && identity !== expected) {
    throw new PinningError('WRONG_IDENTITY', `${identity} answered where ${expected} was expected`);
  }
  if (socket.alpnProtocol !== protocol) {
    throw new PinningError('WRONG_PROTOCOL', `the other end does not speak ${protocol}`);
  }
  return { socket, identity, publicKey: certificate.publicKey } as ProvenSocket;
}
