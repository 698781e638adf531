import { describe, expect, it } from 'vitest';
import { toJsonLine } from './json-line.js';
import { printable } from './printable.js';

const HOSTILE = 'a\nb\u001b[31m\u009b2J\u202egpj.exe\u2028\u007f';

describe('text from strangers', () => {
  it('stays on one line without orders to the terminal', () => {
    expect(printable(HOSTILE)).toBe('a\\u{a}b\\u{1b}[31m\\u{9b}2J\\u{202e}gpj.exe\\u{2028}\\u{7f}');
    expect(printable('naïve 日本 🐟')).toBe('naïve 日本 🐟');
  });

  it('is escaped in JSON, and the same when it is parsed', () => {
    const line = toJsonLine({ name: HOSTILE });
    expect(line).toMatch(/^[ -~]+\n$/);
    expect(JSON.parse(line)).toEqual({ name: HOSTILE });
    expect(toJsonLine('日本')).toBe('"日本"\n');
  });
});
