import { WIRE_CODES } from '../errors.js';
import { digestToBytes, PEER_ID_CHARS } from '../ids.js';
import { HASH_BYTES, MAX_GOODBYE_TEXT_BYTES } from '../limits.js';
import { ByteWriter } from './byte-writer.js';
import {
  FRAME_TYPES,
  WIRE_MAGIC,
  type BitfieldMessage,
  type GoodbyeMessage,
  type HelloMessage,
  type OpenMessage,
  type TlvField,
  type WireMessage,
} from './message.js';

/** Length prefix, type, request id and offset: what precedes the bytes of a data frame. */
export const DATA_HEADER_BYTES = 4 + 1 + 4 + 4;

/** One frame, length prefix included. Source: docs/wire-protocol.md, "Frames". */
export function encodeMessage(message: WireMessage): Buffer {
  const type = FRAME_TYPES[message.type];
  switch (message.type) {
    case 'hello':
      return encodeHello(message);
    case 'open':
      return encodeOpen(message);
    case 'close':
      return new ByteWriter(1 + 1 + 4 + 2)
        .u8(type)
        .u8(message.numberedBy === 'sender' ? 0 : 1)
        .u32(message.fileNumber)
        .u16(WIRE_CODES[message.code]).bytes;
    case 'bitfield':
      return encodeBitfield(message);
    case 'have': {
      const writer = new ByteWriter(1 + 4 + 4 * message.chunkIndexes.length);
      writer.u8(type).u32(message.fileNumber);
      for (const chunkIndex of message.chunkIndexes) writer.u32(chunkIndex);
      return writer.bytes;
    }
    case 'request':
      return new ByteWriter(1 + 5 * 4)
        .u8(type)
        .u32(message.fileNumber)
        .u32(message.requestId)
        .u32(message.chunkIndex)
        .u32(message.offsetBytes)
        .u32(message.lengthBytes).bytes;
    case 'data':
      return Buffer.concat([encodeDataHeader(message), message.bytes]);
    case 'reject':
      return new ByteWriter(1 + 4 + 2).u8(type).u32(message.requestId).u16(WIRE_CODES[message.code])
        .bytes;
    case 'cancel':
      return new ByteWriter(1 + 4).u8(type).u32(message.requestId).bytes;
    case 'suggest':
      return new ByteWriter(1 + 4 + 4).u8(type).u32(message.fileNumber).u32(message.chunkIndex)
        .bytes;
    case 'choke':
    case 'unchoke':
    case 'keepalive':
      return new ByteWriter(1).u8(type).bytes;
    case 'goodbye':
      return encodeGoodbye(message);
    case 'credential': {
      const text = Buffer.from(message.credential, 'latin1');
      return new ByteWriter(1 + text.length).u8(type).raw(text).bytes;
    }
  }
}

/** The frame up to its bytes, so that a sender can write those without copying them. */
export function encodeDataHeader(data: {
  requestId: number;
  offsetBytes: number;
  bytes: Uint8Array;
}): Buffer {
  const header = Buffer.allocUnsafe(DATA_HEADER_BYTES);
  header.writeUInt32BE(DATA_HEADER_BYTES - 4 + data.bytes.length, 0);
  header.writeUInt8(FRAME_TYPES.data, 4);
  header.writeUInt32BE(data.requestId, 5);
  header.writeUInt32BE(data.offsetBytes, 9);
  return header;
}

function encodeHello(message: HelloMessage): Buffer {
  const bodyBytes = 1 + WIRE_MAGIC.length + 2 + 4 + PEER_ID_CHARS + fieldsBytes(message.fields);
  const writer = new ByteWriter(bodyBytes)
    .u8(FRAME_TYPES.hello)
    .raw(WIRE_MAGIC)
    .u16(message.version)
    .u32(message.features)
    .raw(Buffer.from(message.peerId, 'latin1'));
  return writeFields(writer, message.fields).bytes;
}

function encodeOpen(message: OpenMessage): Buffer {
  const writer = new ByteWriter(1 + 4 + HASH_BYTES + 4 + fieldsBytes(message.fields))
    .u8(FRAME_TYPES.open)
    .u32(message.fileNumber)
    .raw(digestToBytes(message.digest))
    .u32(message.chunkCount);
  return writeFields(writer, message.fields).bytes;
}

function encodeBitfield(message: BitfieldMessage): Buffer {
  const bits = typeof message.held === 'string' ? new Uint8Array(0) : message.held;
  const kind = message.held === 'none' ? 0 : message.held === 'all' ? 1 : 2;
  return new ByteWriter(1 + 4 + 1 + bits.length)
    .u8(FRAME_TYPES.bitfield)
    .u32(message.fileNumber)
    .u8(kind)
    .raw(bits).bytes;
}

function encodeGoodbye(message: GoodbyeMessage): Buffer {
  const text = cutUtf8(Buffer.from(message.text), MAX_GOODBYE_TEXT_BYTES);
  return new ByteWriter(1 + 2 + text.length)
    .u8(FRAME_TYPES.goodbye)
    .u16(WIRE_CODES[message.code])
    .raw(text).bytes;
}

/** The longest start of a UTF-8 text within `maxBytes` that ends between two characters. */
function cutUtf8(text: Buffer, maxBytes: number): Buffer {
  if (text.length <= maxBytes) return text;
  let endBytes = maxBytes;
  while (endBytes > 0 && (text[endBytes]! & 0xc0) === 0x80) endBytes -= 1;
  return text.subarray(0, endBytes);
}

function fieldsBytes(fields: readonly TlvField[]): number {
  return fields.reduce((sum, field) => sum + 2 + 2 + field.value.length, 0);
}

function writeFields(writer: ByteWriter, fields: readonly TlvField[]): ByteWriter {
  for (const field of fields) writer.u16(field.type).u16(field.value.length).raw(field.value);
  return writer;
}
