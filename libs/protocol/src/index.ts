export { encodeBase32 } from './base32.js';
export { Bitfield } from './bitfield.js';
export { formatEndpoint, isLoopbackHost, parseEndpoint } from './endpoint.js';
export {
  isTrackerCode,
  ProtocolError,
  TRACKER_CODES,
  TrackerError,
  WIRE_CODES,
  wireCodeName,
  type ProtocolCode,
  type TrackerCode,
  type WireCode,
} from './errors.js';
export { hashBytes } from './hash.js';
export {
  digestFromBytes,
  digestToBytes,
  identityOf,
  isDigest,
  isPeerId,
  parseDigest,
  parseIdentity,
  parsePeerId,
  toChunkIndex,
  type ChunkIndex,
  type Digest,
  type Identity,
  type PeerId,
} from './ids.js';
export * from './limits.js';
export { ChunkLayout } from './manifest/chunk-layout.js';
export { Manifest, ManifestDigest } from './manifest/manifest.js';
export { verifyChunk, type VerifiedChunk } from './manifest/verify-chunk.js';
export { parseName, parsePrefix, type FileName } from './name.js';
export {
  decodeBase64,
  encodeBase64,
  formatHeldChunks,
  parseHeldChunks,
} from './tracker/held-chunks.js';
export { encodeJsonFrame, JsonFrameSplitter } from './tracker/json-frame.js';
export * from './tracker/tracker-api.js';
export { decodeMessage } from './wire/decode-message.js';
export { DATA_HEADER_BYTES, encodeDataHeader, encodeMessage } from './wire/encode-message.js';
export { FrameSplitter, type FrameSink } from './wire/frame-splitter.js';
export {
  FIRST_SKIPPABLE_FRAME_TYPE,
  FRAME_TYPES,
  HELLO_FIELDS,
  WIRE_MAGIC,
  WIRE_VERSION,
  type BitfieldMessage,
  type CloseMessage,
  type DataMessage,
  type GoodbyeMessage,
  type HaveMessage,
  type HelloMessage,
  type OpenMessage,
  type RejectMessage,
  type RequestMessage,
  type SuggestMessage,
  type TlvField,
  type WireMessage,
} from './wire/message.js';
