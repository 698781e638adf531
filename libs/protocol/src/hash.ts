import { Blake3Hasher, blake3 } from '@napi-rs/blake-hash';

/** BLAKE3, 32 bytes. */
export function hashBytes(bytes: Uint8Array): Uint8Array {
  return blake3(viewOf(bytes));
}

/** BLAKE3 of what does not fit into memory at once. */
export class IncrementalHash {
  private readonly hasher = new Blake3Hasher();

  update(bytes: Uint8Array): this {
    this.hasher.update(viewOf(bytes));
    return this;
  }

  digest(): Uint8Array {
    return this.hasher.digestBuffer();
  }
}

/** The same memory, as the module's types want it. */
function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
