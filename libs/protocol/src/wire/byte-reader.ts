import { ProtocolError } from '../errors.js';

/** Reads one frame body. Integers are big-endian and unsigned. Every read beyond the end throws
 *  ProtocolError MALFORMED_FRAME. */
export class ByteReader {
  private offset = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remainingBytes(): number {
    return this.bytes.length - this.offset;
  }

  u8(): number {
    return this.view.getUint8(this.advance(1));
  }

  u16(): number {
    return this.view.getUint16(this.advance(2));
  }

  u32(): number {
    return this.view.getUint32(this.advance(4));
  }

  /** A view, not a copy. */
  raw(lengthBytes: number): Uint8Array {
    const start = this.advance(lengthBytes);
    return this.bytes.subarray(start, start + lengthBytes);
  }

  rest(): Uint8Array {
    return this.raw(this.remainingBytes);
  }

  /** A body longer than its message is as wrong as one that is cut short. */
  end(): void {
    if (this.remainingBytes !== 0) {
      throw new ProtocolError('MALFORMED_FRAME', { trailingBytes: this.remainingBytes });
    }
  }

  private advance(lengthBytes: number): number {
    const start = this.offset;
    if (start + lengthBytes > this.bytes.length) {
      throw new ProtocolError('MALFORMED_FRAME', { reason: 'cut short' });
    }
    this.offset = start + lengthBytes;
    return start;
  }
}
