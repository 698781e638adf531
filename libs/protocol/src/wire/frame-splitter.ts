import { ProtocolError } from '../errors.js';
import { MAX_DATA_BYTES, MAX_FRAME_BODY_BYTES } from '../limits.js';
import { DATA_HEADER_BYTES } from './encode-message.js';
import { FRAME_TYPES } from './message.js';

const PREFIX_BYTES = 4;
const DATA_BODY_HEADER_BYTES = DATA_HEADER_BYTES - PREFIX_BYTES;

/** Receives what the splitter finds. Byte arguments are views that are only valid in the call. */
export interface FrameSink {
  /** A whole frame body of any type but data. */
  onBody(body: Uint8Array): void;
  /** A run of a data frame's bytes, at its offset within the chunk: one frame may come in several
   *  runs, and a run means the same as a smaller data frame would. */
  onData(requestId: number, offsetBytes: number, bytes: Uint8Array): void;
}

/**
 * Splits a byte stream into frames; any split of the stream gives the same frames. A frame is
 * bodyBytes (u32, big-endian), then the body, 1 to MAX_FRAME_BODY_BYTES long. Bytes of data frames
 * are passed on as they arrive and never collected here. Throws ProtocolError FRAME_TOO_LARGE or
 * MALFORMED_FRAME before it buffers a body. Source: docs/wire-protocol.md, "Frames".
 */
export class FrameSplitter {
  /** The frame whose start has arrived but not its end: prefix, then body. */
  private pending = Buffer.allocUnsafe(256);
  private pendingBytes = 0;
  /** What is left of the data frame being passed on. */
  private dataLeftBytes = 0;
  private dataRequestId = 0;
  private dataOffsetBytes = 0;

  constructor(private readonly sink: FrameSink) {}

  push(input: Uint8Array): void {
    let offset = 0;
    while (offset < input.length) {
      offset += this.dataLeftBytes > 0 ? this.passData(input, offset) : this.take(input, offset);
    }
  }

  private passData(input: Uint8Array, offset: number): number {
    const runBytes = Math.min(this.dataLeftBytes, input.length - offset);
    const runOffset = this.dataOffsetBytes;
    this.dataLeftBytes -= runBytes;
    this.dataOffsetBytes += runBytes;
    this.sink.onData(this.dataRequestId, runOffset, input.subarray(offset, offset + runBytes));
    return runBytes;
  }

  /** Takes one step of a frame: its prefix, its type, a data header or a whole body. */
  private take(input: Uint8Array, offset: number): number {
    const wantedBytes = this.wantedBytes();
    if (this.pendingBytes === 0 && this.isWholeControlFrame(input, offset)) {
      const bodyBytes = readLength(input, offset);
      const start = offset + PREFIX_BYTES;
      this.sink.onBody(input.subarray(start, start + bodyBytes));
      return PREFIX_BYTES + bodyBytes;
    }
    const takenBytes = Math.min(wantedBytes - this.pendingBytes, input.length - offset);
    this.reserve(this.pendingBytes + takenBytes);
    this.pending.set(input.subarray(offset, offset + takenBytes), this.pendingBytes);
    this.pendingBytes += takenBytes;
    if (this.pendingBytes === wantedBytes) this.completeStep();
    return takenBytes;
  }

  private wantedBytes(): number {
    if (this.pendingBytes < PREFIX_BYTES) return PREFIX_BYTES;
    if (this.pendingBytes === PREFIX_BYTES) return PREFIX_BYTES + 1;
    if (this.pending[PREFIX_BYTES] === FRAME_TYPES.data) return DATA_HEADER_BYTES;
    return PREFIX_BYTES + this.pending.readUInt32BE(0);
  }

  private isWholeControlFrame(input: Uint8Array, offset: number): boolean {
    if (input.length - offset <= PREFIX_BYTES) return false;
    const bodyBytes = readLength(input, offset);
    const type = input[offset + PREFIX_BYTES];
    return type !== FRAME_TYPES.data && input.length - offset >= PREFIX_BYTES + bodyBytes;
  }

  private completeStep(): void {
    const bodyBytes = readLength(this.pending, 0);
    if (this.pendingBytes === PREFIX_BYTES) return;
    if (this.pending[PREFIX_BYTES] === FRAME_TYPES.data) {
      if (bodyBytes <= DATA_BODY_HEADER_BYTES) {
        throw new ProtocolError('MALFORMED_FRAME', { reason: 'empty data', bodyBytes });
      }
      if (bodyBytes > DATA_BODY_HEADER_BYTES + MAX_DATA_BYTES) {
        throw new ProtocolError('FRAME_TOO_LARGE', { bodyBytes, maxDataBytes: MAX_DATA_BYTES });
      }
      if (this.pendingBytes < DATA_HEADER_BYTES) return;
      this.dataRequestId = this.pending.readUInt32BE(5);
      this.dataOffsetBytes = this.pending.readUInt32BE(9);
      this.dataLeftBytes = bodyBytes - DATA_BODY_HEADER_BYTES;
      this.pendingBytes = 0;
    } else if (this.pendingBytes === PREFIX_BYTES + bodyBytes) {
      const end = this.pendingBytes;
      this.pendingBytes = 0;
      this.sink.onBody(this.pending.subarray(PREFIX_BYTES, end));
    }
  }

  private reserve(neededBytes: number): void {
    if (neededBytes <= this.pending.length) return;
    const capacity = Math.min(
      Math.max(neededBytes, this.pending.length * 2),
      PREFIX_BYTES + MAX_FRAME_BODY_BYTES,
    );
    const larger = Buffer.allocUnsafe(capacity);
    this.pending.copy(larger, 0, 0, this.pendingBytes);
    this.pending = larger;
  }
}

function readLength(bytes: Uint8Array, offset: number): number {
  const bodyBytes =
    ((bytes[offset]! << 24) |
      (bytes[offset + 1]! << 16) |
      (bytes[offset + 2]! << 8) |
      bytes[offset + 3]!) >>>
    0;
  if (bodyBytes > MAX_FRAME_BODY_BYTES) throw new ProtocolError('FRAME_TOO_LARGE', { bodyBytes });
  if (bodyBytes === 0) throw new ProtocolError('MALFORMED_FRAME', { reason: 'empty frame' });
  return bodyBytes;
}
