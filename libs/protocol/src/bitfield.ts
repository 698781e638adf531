import { ProtocolError } from './errors.js';
import type { ChunkIndex } from './ids.js';

/**
 * A set of chunk indexes with a fixed length. Chunk i is bit 7 - i % 8 of byte floor(i / 8), so
 * chunk 0 is the highest bit of the first byte; spare bits at the end are zero.
 * Source: docs/wire-protocol.md, "Bitfield".
 */
export class Bitfield {
  private setCount = 0;

  private constructor(
    readonly length: number,
    private readonly bytes: Uint8Array,
  ) {}

  static empty(length: number): Bitfield {
    return new Bitfield(length, new Uint8Array(Math.ceil(length / 8)));
  }

  static full(length: number): Bitfield {
    const field = Bitfield.empty(length);
    field.bytes.fill(0xff);
    const spareBits = field.bytes.length * 8 - length;
    if (spareBits > 0) field.bytes[field.bytes.length - 1] = (0xff << spareBits) & 0xff;
    field.setCount = length;
    return field;
  }

  /** Copies `bytes`. Throws ProtocolError INVALID_BITFIELD on a wrong length or set spare bits. */
  static fromBytes(length: number, bytes: Uint8Array): Bitfield {
    const expectedBytes = Math.ceil(length / 8);
    if (bytes.length !== expectedBytes) {
      throw new ProtocolError('INVALID_BITFIELD', { expectedBytes, actualBytes: bytes.length });
    }
    const spareBits = expectedBytes * 8 - length;
    if (spareBits > 0 && (bytes[expectedBytes - 1]! & ((1 << spareBits) - 1)) !== 0) {
      throw new ProtocolError('INVALID_BITFIELD', { reason: 'spare bits are set' });
    }
    const field = new Bitfield(length, Uint8Array.from(bytes));
    for (const byte of field.bytes) field.setCount += popCount(byte);
    return field;
  }

  get count(): number {
    return this.setCount;
  }

  get isComplete(): boolean {
    return this.setCount === this.length;
  }

  has(index: ChunkIndex): boolean {
    return index < this.length && (this.bytes[index >>> 3]! & (0x80 >>> (index & 7))) !== 0;
  }

  /** Returns whether the bit was clear before. Throws RangeError beyond the end. */
  set(index: ChunkIndex): boolean {
    this.assertInside(index);
    if (this.has(index)) return false;
    this.bytes[index >>> 3]! |= 0x80 >>> (index & 7);
    this.setCount += 1;
    return true;
  }

  /** Sets [first, last], both included. Throws RangeError beyond the end. */
  setRange([first, last]: readonly [number, number]): void {
    this.assertInside(first);
    this.assertInside(last);
    for (let byteIndex = first >>> 3; byteIndex <= last >>> 3; byteIndex += 1) {
      const from = Math.max(first - byteIndex * 8, 0);
      const to = Math.min(last - byteIndex * 8, 7);
      const mask = (0xff >>> from) & (0xff << (7 - to));
      const added = mask & ~this.bytes[byteIndex]!;
      if (added === 0) continue;
      this.bytes[byteIndex]! |= added;
      this.setCount += popCount(added);
    }
  }

  /** Returns whether the bit was set before. Throws RangeError beyond the end. */
  clear(index: ChunkIndex): boolean {
    this.assertInside(index);
    if (!this.has(index)) return false;
    this.bytes[index >>> 3]! &= ~(0x80 >>> (index & 7));
    this.setCount -= 1;
    return true;
  }

  *indexes(): Generator<ChunkIndex> {
    for (let byteIndex = 0; byteIndex < this.bytes.length; byteIndex += 1) {
      const byte = this.bytes[byteIndex]!;
      if (byte === 0) continue;
      for (let bit = 0; bit < 8; bit += 1) {
        if ((byte & (0x80 >>> bit)) !== 0) yield (byteIndex * 8 + bit) as ChunkIndex;
      }
    }
  }

  /** Runs of set bits as [first, last], both included. */
  ranges(): [number, number][] {
    const runs: [number, number][] = [];
    for (const index of this.indexes()) {
      const run = runs.at(-1);
      if (run?.[1] === index - 1) run[1] = index;
      else runs.push([index, index]);
    }
    return runs;
  }

  /** A copy of the bytes, as they cross the wire. */
  toBytes(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }

  clone(): Bitfield {
    const copy = new Bitfield(this.length, Uint8Array.from(this.bytes));
    copy.setCount = this.setCount;
    return copy;
  }

  private assertInside(index: number): void {
    if (!(Number.isInteger(index) && index >= 0 && index < this.length)) {
      throw new RangeError(`chunk ${index} is outside a bitfield of ${this.length}`);
    }
  }
}

function popCount(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
