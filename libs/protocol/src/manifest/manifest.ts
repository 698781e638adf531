import { ProtocolError } from '../errors.js';
import { IncrementalHash } from '../hash.js';
import { digestFromBytes, type ChunkIndex, type Digest } from '../ids.js';
import { HASH_BYTES } from '../limits.js';
import { ChunkLayout } from './chunk-layout.js';

const MAGIC = new TextEncoder().encode('shoal-manifest\0');
const FORMAT_VERSION = 1;
const CHUNKING_ID = 1;

/** Bytes before the hashes: magic (15), format version (u8), chunking id (u16), file length (u64),
 *  chunk length (u32), chunk count (u32); integers big-endian. */
export const MANIFEST_HEADER_BYTES = MAGIC.length + 1 + 2 + 8 + 4 + 4;

/** A file's length, chunk length and chunk hashes. Its digest identifies the content and
 *  authenticates every chunk. */
export class Manifest {
  private constructor(
    readonly layout: ChunkLayout,
    /** chunkCount x 32 bytes. */
    readonly hashes: Uint8Array,
    readonly digest: Digest,
  ) {}

  /** Takes ownership of `hashes`. Throws ProtocolError INVALID_MANIFEST on a wrong count. */
  static fromHashes(content: { sizeBytes: number; hashes: Uint8Array }): Manifest {
    const layout = ChunkLayout.forSize(content.sizeBytes);
    if (content.hashes.length !== layout.chunkCount * HASH_BYTES) {
      throw new ProtocolError('INVALID_MANIFEST', {
        reason: 'wrong number of hashes',
        expectedCount: layout.chunkCount,
      });
    }
    const digest = new ManifestDigest(layout).update(content.hashes).digest();
    return new Manifest(layout, content.hashes, digest);
  }

  /** Strict: every byte is accounted for and the chunk length is the rule's. Copies the hashes.
   *  Throws ProtocolError INVALID_MANIFEST or FILE_TOO_LARGE. */
  static fromCanonicalBytes(bytes: Uint8Array): Manifest {
    if (bytes.length < MANIFEST_HEADER_BYTES) {
      throw new ProtocolError('INVALID_MANIFEST', { reason: 'cut short' });
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const sizeBytes = Number(view.getBigUint64(MAGIC.length + 3));
    const layout = ChunkLayout.forSize(sizeBytes);
    const expectedHeader = canonicalHeader(layout);
    if (expectedHeader.some((byte, index) => bytes[index] !== byte)) {
      throw new ProtocolError('INVALID_MANIFEST', { reason: 'not a header this version knows' });
    }
    const hashes = Uint8Array.from(bytes.subarray(MANIFEST_HEADER_BYTES));
    return Manifest.fromHashes({ sizeBytes, hashes });
  }

  get sizeBytes(): number {
    return this.layout.sizeBytes;
  }

  get chunkBytes(): number {
    return this.layout.chunkBytes;
  }

  get chunkCount(): number {
    return this.layout.chunkCount;
  }

  /** A view, not a copy. Throws ProtocolError OUT_OF_RANGE. */
  chunkHash(index: ChunkIndex): Uint8Array {
    this.layout.lengthBytes(index);
    return this.hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }

  canonicalBytes(): Uint8Array {
    const header = canonicalHeader(this.layout);
    const bytes = new Uint8Array(header.length + this.hashes.length);
    bytes.set(header);
    bytes.set(this.hashes, header.length);
    return bytes;
  }
}

/** Digest of a manifest whose hashes arrive in order, a page at a time. */
export class ManifestDigest {
  private readonly hash = new IncrementalHash();
  private hashBytesSeen = 0;

  constructor(private readonly layout: ChunkLayout) {
    this.hash.update(canonicalHeader(layout));
  }

  update(hashes: Uint8Array): this {
    this.hash.update(hashes);
    this.hashBytesSeen += hashes.length;
    return this;
  }

  /** Throws ProtocolError INVALID_MANIFEST unless exactly all hashes were given. */
  digest(): Digest {
    if (this.hashBytesSeen !== this.layout.chunkCount * HASH_BYTES) {
      throw new ProtocolError('INVALID_MANIFEST', { reason: 'wrong number of hashes' });
    }
    return digestFromBytes(this.hash.digest());
  }
}

function canonicalHeader(layout: ChunkLayout): Uint8Array {
  const bytes = new Uint8Array(MANIFEST_HEADER_BYTES);
  bytes.set(MAGIC);
  const view = new DataView(bytes.buffer);
  let offset = MAGIC.length;
  view.setUint8(offset, FORMAT_VERSION);
  view.setUint16((offset += 1), CHUNKING_ID);
  view.setBigUint64((offset += 2), BigInt(layout.sizeBytes));
  view.setUint32((offset += 8), layout.chunkBytes);
  view.setUint32(offset + 4, layout.chunkCount);
  return bytes;
}
