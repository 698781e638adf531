import { ProtocolError, wireCodeName } from '../errors.js';
import {
  digestFromBytes,
  parsePeerId,
  PEER_ID_CHARS,
  toChunkIndex,
  type ChunkIndex,
} from '../ids.js';
import {
  MAX_CHUNK_BYTES,
  MAX_CHUNK_COUNT,
  MAX_CREDENTIAL_CHARS,
  MAX_DATA_BYTES,
  MAX_GOODBYE_TEXT_BYTES,
  MAX_HAVE_CHUNK_COUNT,
  MAX_HELLO_BODY_BYTES,
} from '../limits.js';
import { ByteReader } from './byte-reader.js';
import {
  FIRST_SKIPPABLE_FRAME_TYPE,
  FRAME_TYPES,
  WIRE_MAGIC,
  WIRE_VERSION,
  type BitfieldMessage,
  type HaveMessage,
  type HelloMessage,
  type RequestMessage,
  type TlvField,
  type WireMessage,
} from './message.js';

/** Not fatal: a text is for people, and a frame that says good-bye is not worth refusing. */
const goodbyeText = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * One frame body to a message; undefined for a skippable type this version does not know. Byte
 * fields are views into `body`. Throws ProtocolError: MALFORMED_FRAME, FRAME_TOO_LARGE,
 * OUT_OF_RANGE, BAD_MAGIC, UNSUPPORTED_VERSION, INVALID_PEER_ID, UNKNOWN_FRAME. Source: docs/wire-protocol.md, "Frames".
 */
export function decodeMessage(body: Uint8Array): WireMessage | undefined {
  const reader = new ByteReader(body);
  const type = reader.u8();
  if (type >= FIRST_SKIPPABLE_FRAME_TYPE && type !== FRAME_TYPES.credential) return undefined;
  const message = decodePayload(type, reader);
  reader.end();
  return message;
}

function decodePayload(type: number, reader: ByteReader): WireMessage {
  switch (type) {
    case FRAME_TYPES.hello:
      return decodeHello(reader);
    case FRAME_TYPES.open:
      return {
        type: 'open',
        fileNumber: reader.u32(),
        digest: digestFromBytes(reader.raw(32)),
        chunkCount: atMost(reader.u32(), MAX_CHUNK_COUNT),
        fields: decodeFields(reader),
      };
    case FRAME_TYPES.close:
      return {
        type: 'close',
        numberedBy: atMost(reader.u8(), 1) === 0 ? 'sender' : 'receiver',
        fileNumber: reader.u32(),
        code: wireCodeName(reader.u16()),
      };
    case FRAME_TYPES.bitfield:
      return decodeBitfield(reader);
    case FRAME_TYPES.have:
      return decodeHave(reader);
    case FRAME_TYPES.request:
      return decodeRequest(reader);
    case FRAME_TYPES.data:
      return {
        type: 'data',
        requestId: reader.u32(),
        offsetBytes: reader.u32(),
        bytes: decodeData(reader),
      };
    case FRAME_TYPES.reject:
      return { type: 'reject', requestId: reader.u32(), code: wireCodeName(reader.u16()) };
    case FRAME_TYPES.cancel:
      return { type: 'cancel', requestId: reader.u32() };
    case FRAME_TYPES.suggest:
      return { type: 'suggest', fileNumber: reader.u32(), chunkIndex: decodeChunkIndex(reader) };
    case FRAME_TYPES.choke:
      return { type: 'choke' };
    case FRAME_TYPES.unchoke:
      return { type: 'unchoke' };
    case FRAME_TYPES.keepalive:
      return { type: 'keepalive' };
    case FRAME_TYPES.goodbye:
      return {
        type: 'goodbye',
        code: wireCodeName(reader.u16()),
        text: goodbyeText.decode(reader.raw(atMost(reader.remainingBytes, MAX_GOODBYE_TEXT_BYTES))),
      };
    case FRAME_TYPES.credential:
      return { type: 'credential', credential: decodeCredential(reader) };
    default:
      throw new ProtocolError('UNKNOWN_FRAME', { type });
  }
}

/** Magic and version come first and alone: later versions may change what follows. */
function decodeHello(reader: ByteReader): HelloMessage {
  if (reader.remainingBytes + 1 > MAX_HELLO_BODY_BYTES) {
    throw new ProtocolError('FRAME_TOO_LARGE', { maxHelloBodyBytes: MAX_HELLO_BODY_BYTES });
  }
  if (Buffer.compare(reader.raw(WIRE_MAGIC.length), WIRE_MAGIC) !== 0) {
    throw new ProtocolError('BAD_MAGIC');
  }
  const version = reader.u16();
  if (version !== WIRE_VERSION) throw new ProtocolError('UNSUPPORTED_VERSION', { version });
  return {
    type: 'hello',
    version,
    features: reader.u32(),
    peerId: parsePeerId(Buffer.from(reader.raw(PEER_ID_CHARS)).toString('latin1')),
    fields: decodeFields(reader),
  };
}

function decodeBitfield(reader: ByteReader): BitfieldMessage {
  const fileNumber = reader.u32();
  const kind = atMost(reader.u8(), 2);
  const held = kind === 0 ? 'none' : kind === 1 ? 'all' : reader.rest();
  return { type: 'bitfield', fileNumber, held };
}

function decodeHave(reader: ByteReader): HaveMessage {
  const fileNumber = reader.u32();
  const count = reader.remainingBytes / 4;
  if (!Number.isInteger(count) || count < 1 || count > MAX_HAVE_CHUNK_COUNT) {
    throw new ProtocolError('MALFORMED_FRAME', { reason: 'bad number of chunks', count });
  }
  const chunkIndexes: ChunkIndex[] = [];
  while (reader.remainingBytes > 0) chunkIndexes.push(decodeChunkIndex(reader));
  return { type: 'have', fileNumber, chunkIndexes };
}

function decodeRequest(reader: ByteReader): RequestMessage {
  const message: RequestMessage = {
    type: 'request',
    fileNumber: reader.u32(),
    requestId: reader.u32(),
    chunkIndex: decodeChunkIndex(reader),
    offsetBytes: reader.u32(),
    lengthBytes: reader.u32(),
  };
  const endBytes = message.offsetBytes + message.lengthBytes;
  if (message.lengthBytes === 0 || endBytes > MAX_CHUNK_BYTES) {
    throw new ProtocolError('OUT_OF_RANGE', { offsetBytes: message.offsetBytes, endBytes });
  }
  return message;
}

function decodeCredential(reader: ByteReader): string {
  const chars = reader.remainingBytes;
  if (chars > MAX_CREDENTIAL_CHARS) throw new ProtocolError('FRAME_TOO_LARGE', { chars });
  return Buffer.from(reader.rest()).toString('latin1');
}

function decodeChunkIndex(reader: ByteReader): ChunkIndex {
  return toChunkIndex(atMost(reader.u32(), MAX_CHUNK_COUNT - 1));
}

function decodeFields(reader: ByteReader): TlvField[] {
  const fields: TlvField[] = [];
  while (reader.remainingBytes > 0) {
    const type = reader.u16();
    fields.push({ type, value: reader.raw(reader.u16()) });
  }
  return fields;
}

function atMost(value: number, maximum: number): number {
  if (value > maximum) throw new ProtocolError('OUT_OF_RANGE', { value, maximum });
  return value;
}

function decodeData(reader: ByteReader): Uint8Array {
  const dataBytes = reader.remainingBytes;
  if (dataBytes === 0) throw new ProtocolError('MALFORMED_FRAME', { reason: 'empty data' });
  if (dataBytes > MAX_DATA_BYTES) throw new ProtocolError('FRAME_TOO_LARGE', { dataBytes });
  return reader.rest();
}
