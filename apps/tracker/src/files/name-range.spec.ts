import { describe, expect, it } from 'vitest';
import { prefixEnd } from './name-range.js';

const bytesOf = (text: string) => Buffer.from(text);

describe('prefixEnd', () => {
  it.each([
    ['a', 'b'],
    ['models/', 'models0'],
    ['\u{7f}', '\u{80}'],
    ['\u{d7ff}', '\u{e000}'],
    ['\u{ffff}', '\u{10000}'],
    ['a\u{10ffff}', 'b'],
    ['😀', '😁'],
  ])('ends %j at %j', (prefix, end) => expect(prefixEnd(prefix)).toBe(end));

  it('has no end for what nothing comes after', () => {
    expect(prefixEnd('')).toBeUndefined();
    expect(prefixEnd('\u{10ffff}')).toBeUndefined();
  });

  it('holds what begins with the prefix and nothing else, in the order of bytes', () => {
    for (const prefix of ['a', 'ä/', '\u{d7ff}', 'z\u{10ffff}', '日本']) {
      const end = bytesOf(prefixEnd(prefix)!);
      for (const name of [prefix, `${prefix}\u{10ffff}`, `${prefix}/x`]) {
        expect(Buffer.compare(bytesOf(name), end)).toBe(-1);
      }
    }
  });
});
