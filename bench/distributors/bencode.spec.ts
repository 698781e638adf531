import { expect, it } from 'vitest';
import { bencode } from './bencode.js';

it.each([
  [-3, 'i-3e'],
  ['spam', '4:spam'],
  [['a', 1, []], 'l1:ai1elee'],
  [{ spam: 'eggs', cow: { moo: 0 } }, 'd3:cowd3:mooi0ee4:spam4:eggse'],
])('encodes %j', (value, text) => {
  expect(bencode(value).toString()).toBe(text);
});

it('keeps bytes as they are', () => {
  expect(bencode(Buffer.from([0xff, 0x00]))).toEqual(Buffer.from([0x32, 0x3a, 0xff, 0x00]));
});
