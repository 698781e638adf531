import type { PinningError } from '#identity';
import { StrangerLog } from './stranger-log.js';

/** What OpenSSL says of a connection that begins without a handshake. */
const PLAIN_TEXT = /WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE/;

/** Tells of connections that never proved who they are. */
export class HandshakeLog {
  private readonly log = new StrangerLog();

  refused(error: PinningError, nowMs = performance.now()): void {
    this.log.tell(`a connection was refused: ${reasonOf(error)}`, nowMs);
  }
}

function reasonOf(error: PinningError): string {
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  if (!PLAIN_TEXT.test(code ?? '')) return `${error.message} (${error.code})`;
  return 'it does not speak TLS; is that a peer with --insecure?';
}
