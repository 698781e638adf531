import { ProtocolError } from '../errors.js';
import { MAX_TRACKER_MESSAGE_CHARS, MAX_TRACKER_PREFIX_CHARS } from '../limits.js';

const BYTES_PER_CHAR = 2;
const ARRIVAL_BYTES = 64;

/** `LENGTH#JSON`, the length counted in UTF-16 units. Source: docs/tracker-api.md, "Framing". */
export function encodeJsonFrame(value: unknown): string {
  const text = JSON.stringify(value);
  if (text.length > MAX_TRACKER_MESSAGE_CHARS) {
    throw new ProtocolError('FRAME_TOO_LARGE', { lengthChars: text.length });
  }
  return `${text.length}#${text}`;
}

/**
 * Splits a byte stream into JSON values; any split of the stream gives the same values. Throws
 * ProtocolError FRAME_TOO_LARGE before it buffers a message, MALFORMED_FRAME for anything that is
 * not a length, a `#` and JSON of that length.
 */
export class JsonFrameSplitter {
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  private text = '';
  private lengthChars: number | undefined;
  /** Arrivals that the text is put together of; each takes memory of its own until the message is whole. */
  private arrivalCount = 0;

  /** Whether all that was pushed was whole messages. */
  get isEmpty(): boolean {
    return this.text === '' && this.lengthChars === undefined;
  }

  /** What the beginning of a message takes, at most. */
  get heldBytes(): number {
    return this.text.length * BYTES_PER_CHAR + this.arrivalCount * ARRIVAL_BYTES;
  }

  push(input: Uint8Array): unknown[] {
    this.text += this.decode(input);
    this.arrivalCount += 1;
    const values: unknown[] = [];
    for (;;) {
      this.lengthChars ??= this.takeLength();
      if (this.lengthChars === undefined || this.text.length < this.lengthChars) return values;
      const body = this.text.slice(0, this.lengthChars);
      this.text = this.text.slice(this.lengthChars);
      this.lengthChars = undefined;
      this.arrivalCount = this.text === '' ? 0 : 1;
      values.push(parse(body));
    }
  }

  private takeLength(): number | undefined {
    const end = this.text.indexOf('#');
    const prefix = end === -1 ? this.text : this.text.slice(0, end);
    if (prefix.length > MAX_TRACKER_PREFIX_CHARS || !/^[0-9]*$/.test(prefix)) {
      throw new ProtocolError('MALFORMED_FRAME', { reason: 'no length prefix' });
    }
    if (end === -1) return undefined;
    const lengthChars = Number(prefix);
    if (prefix === '' || lengthChars === 0) {
      throw new ProtocolError('MALFORMED_FRAME', { reason: 'empty message' });
    }
    if (lengthChars > MAX_TRACKER_MESSAGE_CHARS) {
      throw new ProtocolError('FRAME_TOO_LARGE', { lengthChars });
    }
    this.text = this.text.slice(end + 1);
    return lengthChars;
  }

  private decode(input: Uint8Array): string {
    try {
      return this.decoder.decode(input, { stream: true });
    } catch (cause) {
      throw new ProtocolError('MALFORMED_FRAME', { reason: 'not UTF-8' }, { cause });
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError('MALFORMED_FRAME', { reason: 'not JSON' }, { cause });
  }
}
