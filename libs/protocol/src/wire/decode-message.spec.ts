import { describe, expect, it } from 'vitest';
import {
  MAX_CHUNK_BYTES,
  MAX_CHUNK_COUNT,
  MAX_DATA_BYTES,
  MAX_HAVE_CHUNK_COUNT,
  MAX_HELLO_BODY_BYTES,
} from '../limits.js';
import { parsePeerId, toChunkIndex } from '../ids.js';
import { decodeMessage } from './decode-message.js';
import { encodeMessage } from './encode-message.js';
import { WIRE_VERSION, type HelloMessage, type WireMessage } from './message.js';

const hello: HelloMessage = {
  type: 'hello',
  version: WIRE_VERSION,
  features: 0,
  peerId: parsePeerId(`${'a'.repeat(32)}-bbbb`),
  fields: [],
};

const bodyOf = (message: WireMessage) => Uint8Array.from(encodeMessage(message).subarray(4));
const fromHex = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const refusal = (code: string) => expect.objectContaining({ name: 'ProtocolError', code }) as Error;

describe('decodeMessage', () => {
  it.each([0x81, 0x82, 0xff])('skips a frame of type %i, whatever is in it', (type) => {
    expect(decodeMessage(Uint8Array.of(type))).toBeUndefined();
    expect(decodeMessage(Uint8Array.of(type, 1, 2, 3))).toBeUndefined();
  });

  it.each([0x00, 0x0f, 0x7f])('refuses a frame of type %i', (type) => {
    expect(() => decodeMessage(Uint8Array.of(type))).toThrow(refusal('UNKNOWN_FRAME'));
  });

  it.each([
    ['an empty body', ''],
    ['an open that is cut short', '02 00000001 0000'],
    ['a close with a byte too many', '03 00 00000001 0007 00'],
    ['a bitfield kind with bits that needs none', '04 00000001 01 ff'],
    ['a have without a chunk', '05 00000001'],
    ['a have that ends within a chunk index', '05 00000001 00000001 0000'],
    ['a data frame without a byte', '07 00000001 00000000'],
    ['a choke with a byte too many', '0a 00'],
    ['a keepalive with a byte too many', '0d 00'],
    ['a field that is longer than what is left', `02 00000001 ${'00'.repeat(36)} 0001 0005 00`],
  ])('refuses %s as malformed', (_fault, hex) => {
    expect(() => decodeMessage(fromHex(hex))).toThrow(refusal('MALFORMED_FRAME'));
  });

  it.each([
    ['a close numbered by nobody', '03 02 00000001 0007'],
    ['a fourth kind of bitfield', '04 00000001 03'],
    ['a have beyond the last chunk of any file', '05 00000001 00100000'],
    ['a suggest beyond the last chunk of any file', '0c 00000001 ffffffff'],
    ['a request of no bytes', '06 00000001 00000001 00000000 00000000 00000000'],
    ['a request beyond a chunk', '06 00000001 00000001 00000000 00000001 00800000'],
    ['a request whose end overflows', '06 00000001 00000001 00000000 ffffffff 00000002'],
    ['an open with too many chunks', `02 00000001 ${'00'.repeat(32)} 00100001`],
    ['a text that is too long', `0e 0000 ${'61'.repeat(257)}`],
  ])('refuses %s as out of range', (_fault, hex) => {
    expect(() => decodeMessage(fromHex(hex))).toThrow(refusal('OUT_OF_RANGE'));
  });

  it('takes values that are as large as the rules allow', () => {
    const message: WireMessage = {
      type: 'request',
      fileNumber: 0xffff_ffff,
      requestId: 0xffff_ffff,
      chunkIndex: toChunkIndex(MAX_CHUNK_COUNT - 1),
      offsetBytes: 0,
      lengthBytes: MAX_CHUNK_BYTES,
    };
    expect(decodeMessage(bodyOf(message))).toEqual(message);
  });

  it('bounds the chunks of one have', () => {
    const have = (count: number): WireMessage => ({
      type: 'have',
      fileNumber: 1,
      chunkIndexes: Array.from({ length: count }, (_, index) => toChunkIndex(index)),
    });
    const largest = have(MAX_HAVE_CHUNK_COUNT);
    expect(decodeMessage(bodyOf(largest))).toEqual(largest);
    expect(() => decodeMessage(bodyOf(have(MAX_HAVE_CHUNK_COUNT + 1)))).toThrow(
      refusal('MALFORMED_FRAME'),
    );
  });

  it('bounds the bytes of one data frame', () => {
    const body = (dataBytes: number) => {
      return bodyOf({
        type: 'data',
        requestId: 1,
        offsetBytes: 0,
        bytes: new Uint8Array(dataBytes),
      });
    };
    expect(decodeMessage(body(MAX_DATA_BYTES))).toMatchObject({ type: 'data' });
    expect(() => decodeMessage(body(MAX_DATA_BYTES + 1))).toThrow(refusal('FRAME_TOO_LARGE'));
  });

  it('reads a code number of a later version as INTERNAL', () => {
    expect(decodeMessage(fromHex('08 00000001 7fff'))).toEqual({
      type: 'reject',
      requestId: 1,
      code: 'INTERNAL',
    });
  });

  it('reads a text that is not UTF-8 for what it can', () => {
    expect(decodeMessage(fromHex('0e 0000 61ff62'))).toMatchObject({ text: 'a\ufffdb' });
    expect(decodeMessage(fromHex('0e 0000 efbbbf61'))).toMatchObject({ text: '\ufeffa' });
  });
});

describe('decodeMessage of a hello', () => {
  it('refuses another protocol before it looks further', () => {
    const body = Buffer.from('\u0001GET / HTTP/1.1\r\n\r\n');
    expect(() => decodeMessage(body)).toThrow(refusal('BAD_MAGIC'));
  });

  it('refuses another version before it looks further', () => {
    const body = bodyOf(hello).slice(0, 11);
    body[10] = 2;
    expect(() => decodeMessage(body)).toThrow(refusal('UNSUPPORTED_VERSION'));
  });

  it('refuses a peer id that is none', () => {
    const body = bodyOf(hello);
    body[15] = 'A'.charCodeAt(0);
    expect(() => decodeMessage(body)).toThrow(refusal('INVALID_PEER_ID'));
    body[15] = 'a'.charCodeAt(0) | 0x80;
    expect(() => decodeMessage(body)).toThrow(refusal('INVALID_PEER_ID'));
  });

  it('bounds its length', () => {
    const withField = (valueBytes: number) => {
      const fields = [{ type: 9, value: new Uint8Array(valueBytes) }];
      return bodyOf({ ...hello, fields });
    };
    const largest = MAX_HELLO_BODY_BYTES - bodyOf(hello).length - 4;
    expect(withField(largest)).toHaveLength(MAX_HELLO_BODY_BYTES);
    expect(decodeMessage(withField(largest))).toMatchObject({ fields: [{ type: 9 }] });
    expect(() => decodeMessage(withField(largest + 1))).toThrow(refusal('FRAME_TOO_LARGE'));
  });
});
