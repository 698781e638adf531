/** Fills one frame whose size is known beforehand. Integers are big-endian and unsigned. */
export class ByteWriter {
  readonly bytes: Buffer;
  private offset = 0;

  /** `bodyBytes` without the length prefix, which is written here. */
  constructor(bodyBytes: number) {
    this.bytes = Buffer.allocUnsafe(4 + bodyBytes);
    this.u32(bodyBytes);
  }

  u8(value: number): this {
    this.offset = this.bytes.writeUInt8(value, this.offset);
    return this;
  }

  u16(value: number): this {
    this.offset = this.bytes.writeUInt16BE(value, this.offset);
    return this;
  }

  u32(value: number): this {
    this.offset = this.bytes.writeUInt32BE(value, this.offset);
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.offset);
    this.offset += bytes.length;
    return this;
  }
}
