import { Logger } from '@nestjs/common';
import type { PinningError } from '#identity';

/** Strangers decide how often a handshake fails: one line for all of a while. */
const MIN_LINE_INTERVAL_MS = 60_000;

/** What OpenSSL says of a connection that begins without a handshake. */
const PLAIN_TEXT = /WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE/;

/** Tells of connections that never proved who they are: now and then, and how many. */
export class HandshakeLog {
  private readonly logger = new Logger('rpc');
  private lastLineMs = -Infinity;
  private unsaidCount = 0;

  refused(error: PinningError, nowMs = performance.now()): void {
    this.unsaidCount += 1;
    if (nowMs - this.lastLineMs < MIN_LINE_INTERVAL_MS) return;
    const count =
      this.unsaidCount === 1 ? '' : ` (${this.unsaidCount} of them since the last line)`;
    this.logger.warn(`a connection was refused: ${reasonOf(error)}${count}`);
    this.lastLineMs = nowMs;
    this.unsaidCount = 0;
  }
}

function reasonOf(error: PinningError): string {
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  if (!PLAIN_TEXT.test(code ?? '')) return `${error.message} (${error.code})`;
  return 'it does not speak TLS; is that a peer with --insecure?';
}
