import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBase32 } from './base32.js';

describe('encodeBase32', () => {
  // RFC 4648, section 10, in lower case and without padding.
  it.each([
    ['', ''],
    ['f', 'my'],
    ['fo', 'mzxq'],
    ['foo', 'mzxw6'],
    ['foob', 'mzxw6yq'],
    ['fooba', 'mzxw6ytb'],
    ['foobar', 'mzxw6ytboi'],
  ])('encodes %j as %j', (text, expected) => {
    expect(encodeBase32(Buffer.from(text))).toBe(expected);
  });

  it('gives 32 characters for 20 bytes', () => {
    expect(encodeBase32(new Uint8Array(20))).toBe('a'.repeat(32));
    expect(encodeBase32(new Uint8Array(20).fill(0xff))).toBe('7'.repeat(32));
  });

  it('is the number that the bytes spell, 5 bits a character', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
        const groups = bits.match(/.{1,5}/g) ?? [];
        const expected = groups.map((group) => {
          const value = Number.parseInt(group.padEnd(5, '0'), 2);
          return 'abcdefghijklmnopqrstuvwxyz234567'.charAt(value);
        });
        expect(encodeBase32(bytes)).toBe(expected.join(''));
      }),
    );
  });
});
