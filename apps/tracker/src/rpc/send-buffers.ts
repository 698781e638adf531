/** Shorter texts are written as they are. */
const MIN_TEXT_CHARS = 4_096;
/** No text of so many UTF-16 units is longer in UTF-8. */
const MAX_BYTES_PER_CHAR = 3;
const BUFFER_BYTES = 192 * 1024;
const MAX_BUFFER_COUNT = 16;

/** What takes a text as bytes, and says when it needs them no more. */
type Write = (bytes: Uint8Array, whenSent: () => void) => boolean;

/**
 * Memory for long replies, used again and again. A socket that is given text asks for three times its
 * length of fresh memory, whose first touch costs several times what copying the text does.
 */
export class SendBuffers {
  private readonly free: Buffer[] = [];
  private count = 0;

  /** Undefined when the text is better written as it is: it is short, too long, or all buffers wait
   *  for peers that read slowly. */
  write(text: string, write: Write): boolean | undefined {
    if (text.length < MIN_TEXT_CHARS || text.length > BUFFER_BYTES / MAX_BYTES_PER_CHAR) {
      return undefined;
    }
    const buffer = this.take();
    if (buffer === undefined) return undefined;
    const lengthBytes = buffer.write(text, 'utf8');
    return write(buffer.subarray(0, lengthBytes), () => void this.free.push(buffer));
  }

  private take(): Buffer | undefined {
    const buffer = this.free.pop();
    if (buffer !== undefined || this.count === MAX_BUFFER_COUNT) return buffer;
    this.count += 1;
    return Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }
}
