import { ProtocolError } from '#protocol';

/** The other end is not read from meanwhile: more than what had arrived by then does not come. */
const MAX_EARLY_BYTES = 512 * 1024;

/** Frames that came before it was known whether the other end is a member, in order. */
export class EarlyFrames {
  readonly bodies: Uint8Array[] = [];
  private bytes = 0;

  /** Copies. Throws ProtocolError UNEXPECTED_FRAME when it gets too much. */
  keep(body: Uint8Array): void {
    this.bytes += body.length;
    if (this.bytes > MAX_EARLY_BYTES) {
      throw new ProtocolError('UNEXPECTED_FRAME', {
        got: 'too much before the hello was answered',
      });
    }
    this.bodies.push(Buffer.from(body));
  }
}
