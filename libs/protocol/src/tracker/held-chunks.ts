import { Bitfield } from '../bitfield.js';
import { ProtocolError } from '../errors.js';
import { HELD_ALL, HELD_NONE, type HeldChunks } from './tracker-api.js';

/** Throws ProtocolError INVALID_BITFIELD. */
export function parseHeldChunks(held: HeldChunks, chunkCount: number): Bitfield {
  if (held === HELD_ALL) return Bitfield.full(chunkCount);
  if (held === HELD_NONE) return Bitfield.empty(chunkCount);
  return Bitfield.fromBytes(chunkCount, decodeBase64(held));
}

export function formatHeldChunks(field: Bitfield): HeldChunks {
  if (field.isComplete) return HELD_ALL;
  if (field.count === 0) return HELD_NONE;
  return encodeBase64(field.toBytes());
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Strict: what does not encode back to the same text is refused as INVALID_BITFIELD. */
export function decodeBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) {
    throw new ProtocolError('INVALID_BITFIELD', { reason: 'not base64' });
  }
  return bytes;
}
