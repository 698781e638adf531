import { expect, it } from 'vitest';
import { MAX_GOODBYE_TEXT_BYTES } from '../limits.js';
import { decodeMessage } from './decode-message.js';
import { DATA_HEADER_BYTES, encodeDataHeader, encodeMessage } from './encode-message.js';

it('writes a data header that continues into the bytes', () => {
  const data = { requestId: 0x8000_0001, offsetBytes: 9, bytes: Uint8Array.of(1, 2, 3) };
  const header = encodeDataHeader(data);
  expect(header).toHaveLength(DATA_HEADER_BYTES);
  expect(Buffer.concat([header, data.bytes])).toEqual(encodeMessage({ type: 'data', ...data }));
});

it.each([
  ['a'.repeat(300), 'a'.repeat(256)],
  [`a${'é'.repeat(200)}`, `a${'é'.repeat(127)}`],
  [`abc${'🐟'.repeat(100)}`, `abc${'🐟'.repeat(63)}`],
  [`a${'é'.repeat(127)}`, `a${'é'.repeat(127)}`],
  ['é'.repeat(128), 'é'.repeat(128)],
])('cuts a text that is too long between two characters', (text, expected) => {
  const frame = encodeMessage({ type: 'goodbye', code: 'OK', text });
  expect(frame.length).toBeLessThanOrEqual(4 + 1 + 2 + MAX_GOODBYE_TEXT_BYTES);
  expect(decodeMessage(frame.subarray(4))).toEqual({ type: 'goodbye', code: 'OK', text: expected });
});
