/** Frames of the peer wire, put together and taken apart by hand from docs/wire-protocol.md. */

const TYPES = [
  '',
  'hello',
  'open',
  'close',
  'bitfield',
  'have',
  'request',
  'data',
  'reject',
  'cancel',
  'choke',
  'unchoke',
  'suggest',
  'keepalive',
  'goodbye',
];

const CODES = [
  'OK',
  'BAD_MAGIC',
  'UNSUPPORTED_VERSION',
  'MALFORMED_FRAME',
  'FRAME_TOO_LARGE',
  'UNKNOWN_FRAME',
  'UNEXPECTED_FRAME',
  'UNKNOWN_FILE',
  'FILE_WITHDRAWN',
  'CHUNK_NOT_HELD',
  'OUT_OF_RANGE',
  'CHOKED',
  'TOO_MANY_REQUESTS',
  'TOO_MANY_FILES',
  'CANCELLED',
  'WRONG_PEER',
  'DUPLICATE_CONNECTION',
  'TOO_MANY_CONNECTIONS',
  'HANDSHAKE_TIMEOUT',
  'SILENT',
  'SHUTTING_DOWN',
  'BANNED',
  'CHUNK_HASH_MISMATCH',
  'INTERNAL',
  'IDLE',
  'NOT_AUTHORISED',
  'NOT_ALLOWED',
];

/** A frame as it came; only the fields of its type are set. */
export interface RawFrame {
  /** The type's name, or `0x..`. */
  readonly type: string;
  readonly payload: Buffer;
  readonly peerId?: string;
  readonly file?: number;
  readonly digest?: string;
  readonly chunkCount?: number;
  readonly numberedBy?: number;
  readonly code?: string;
  readonly kind?: number;
  readonly chunks?: readonly number[];
  readonly id?: number;
  readonly chunk?: number;
  readonly offset?: number;
  readonly length?: number;
  readonly bytes?: Buffer;
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32BE(value, 4 * index));
  return bytes;
}

/** Length, type and payload; the type by its name or its number. */
export function rawFrame(type: string | number, ...payload: readonly Buffer[]): Buffer {
  const typeNumber = typeof type === 'number' ? type : TYPES.indexOf(type);
  const body = Buffer.concat([Buffer.of(typeNumber), ...payload]);
  return Buffer.concat([u32(body.length), body]);
}

/** A field at the end of a hello or an open. */
export function rawField(type: number, text: string): Buffer {
  const value = Buffer.from(text, 'latin1');
  return Buffer.concat([u16(type), u16(value.length), value]);
}

interface GrantedOpen {
  readonly chunkCount: number;
  readonly grant: string;
}

export const rawFrames = {
  hello: (peerId: string, magic = 'SHOALPW\0', version = 1) =>
    rawFrame('hello', Buffer.from(magic), u16(version), u32(0), Buffer.from(peerId, 'latin1')),
  /** As `hello`, of who shows a membership. */
  memberHello: (peerId: string, credential: string) =>
    rawFrame(
      'hello',
      Buffer.from('SHOALPW\0'),
      u16(1),
      u32(0),
      Buffer.from(peerId, 'latin1'),
      rawField(1, credential),
    ),
  credential: (text: string) => rawFrame(0x80, Buffer.from(text, 'latin1')),
  open: (file: number, digest: string, chunkCount: number) =>
    rawFrame('open', u32(file), Buffer.from(digest.slice(3), 'hex'), u32(chunkCount)),
  /** As `open`, of who shows a grant. */
  grantedOpen: (file: number, digest: string, { chunkCount, grant }: GrantedOpen) =>
    rawFrame(
      'open',
      u32(file),
      Buffer.from(digest.slice(3), 'hex'),
      u32(chunkCount),
      rawField(1, grant),
    ),
  close: (numberedBy: number, file: number, code: string) =>
    rawFrame('close', Buffer.of(numberedBy), u32(file), u16(CODES.indexOf(code))),
  /** `held`: nothing, everything, or the bits. */
  bitfield: (file: number, held: 'none' | 'all' | Buffer) =>
    held instanceof Buffer
      ? rawFrame('bitfield', u32(file), Buffer.of(2), held)
      : rawFrame('bitfield', u32(file), Buffer.of(held === 'none' ? 0 : 1)),
  have: (file: number, ...chunks: number[]) => rawFrame('have', u32(file, ...chunks)),
  request: (file: number, id: number, range: { chunk: number; offset?: number; length: number }) =>
    rawFrame('request', u32(file, id, range.chunk, range.offset ?? 0, range.length)),
  data: (id: number, offset: number, bytes: Buffer) => rawFrame('data', u32(id, offset), bytes),
  reject: (id: number, code: string) => rawFrame('reject', u32(id), u16(CODES.indexOf(code))),
  cancel: (id: number) => rawFrame('cancel', u32(id)),
  suggest: (file: number, chunk: number) => rawFrame('suggest', u32(file, chunk)),
  unchoke: () => rawFrame('unchoke'),
  goodbye: (code: string) => rawFrame('goodbye', u16(CODES.indexOf(code))),
};

/** Takes the first whole frame off; undefined while it is not all there. */
export function takeFrame(bytes: Buffer): { frame: RawFrame; rest: Buffer } | undefined {
  if (bytes.length < 4) return undefined;
  const end = 4 + bytes.readUInt32BE(0);
  if (bytes.length < end) return undefined;
  return { frame: parseBody(bytes.subarray(4, end)), rest: bytes.subarray(end) };
}

function parseBody(body: Buffer): RawFrame {
  const typeNumber = body.readUInt8(0);
  const type = TYPES[typeNumber] ?? `0x${typeNumber.toString(16)}`;
  const payload = body.subarray(1);
  const number = (index: number) => payload.readUInt32BE(4 * index);
  const code = (offset: number) => CODES[payload.readUInt16BE(offset)] ?? 'unknown';
  const numbers = (from: number) =>
    Array.from({ length: payload.length / 4 - from }, (_, index) => number(from + index));
  switch (type) {
    case 'hello':
      return { type, payload, peerId: payload.toString('latin1', 14, 51) };
    case 'open': {
      const digest = `b3:${payload.toString('hex', 4, 36)}`;
      return { type, payload, file: number(0), digest, chunkCount: payload.readUInt32BE(36) };
    }
    case 'close': {
      const [numberedBy] = payload;
      return {
        type,
        payload,
        numberedBy: numberedBy!,
        file: payload.readUInt32BE(1),
        code: code(5),
      };
    }
    case 'bitfield':
      return { type, payload, file: number(0), kind: payload[4]!, bytes: payload.subarray(5) };
    case 'have':
      return { type, payload, file: number(0), chunks: numbers(1) };
    case 'request': {
      const [file, id, chunk, offset, length] = numbers(0) as [
        number,
        number,
        number,
        number,
        number,
      ];
      return { type, payload, file, id, chunk, offset, length };
    }
    case 'data':
      return { type, payload, id: number(0), offset: number(1), bytes: payload.subarray(8) };
    case 'reject':
      return { type, payload, id: number(0), code: code(4) };
    case 'cancel':
      return { type, payload, id: number(0) };
    case 'suggest':
      return { type, payload, file: number(0), chunk: number(1) };
    case 'goodbye':
      return { type, payload, code: code(0) };
    default:
      return { type, payload };
  }
}
