import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseName, parsePrefix } from './name.js';

const refusal = (reason: RegExp) =>
  expect.objectContaining({
    code: 'INVALID_NAME',
    details: expect.objectContaining({ reason: expect.stringMatching(reason) as string }) as object,
  }) as Error;

function isName(text: string): boolean {
  try {
    parseName(text);
    return true;
  } catch {
    return false;
  }
}

const inHex = (value: number) => `U+${value.toString(16).padStart(4, '0')}`;

describe('parseName', () => {
  it.each([
    'a',
    'weights.bin',
    'models/llama/weights.bin',
    '.hidden',
    '..data',
    'a..b',
    ' leading space',
    'emoji 🐟/鯨.bin',
    'console',
    'com10',
    'auxiliary/con-1',
    'nul_',
    'x'.repeat(255),
  ])('takes %j as it is', (text) => expect(parseName(text)).toBe(text));

  it('gives NFC, so that one name is one key', () => {
    expect(parseName('cafe\u0301')).toBe('caf\u00e9');
    expect(parseName('cafe\u0301')).toBe(parseName('caf\u00e9'));
  });

  it.each([
    ['', /empty/],
    ['/etc/passwd', /begins with/],
    ['/', /begins with/],
    ['a//b', /segment is empty/],
    ['a/', /segment is empty/],
    ['.', /segment is "\."/],
    ['a/./b', /segment is "\."/],
    ['..', /segment is "\.\."/],
    ['../a', /segment is "\.\."/],
    ['a/../b', /segment is "\.\."/],
    ['a/..', /segment is "\.\."/],
    ['a\\b', /backslash/],
    ['..\\a', /backslash/],
    ['C:\\a', /backslash/],
    ['C:/a', /reserved on Windows/],
    ['b3:00', /reserved on Windows/],
    ['what?', /reserved on Windows/],
    ['a*', /reserved on Windows/],
    ['a|b', /reserved on Windows/],
    ['<a>', /reserved on Windows/],
    ['"a"', /reserved on Windows/],
    ['a/file.', /dot or a space/],
    ['a /file', /dot or a space/],
    ['...', /dot or a space/],
  ])('refuses %j', (text, reason) => {
    expect(() => parseName(text)).toThrow(refusal(reason));
  });

  it.each([
    'con',
    'CON',
    'Aux.txt',
    'a/nul/b',
    'prn.tar.gz',
    'com0',
    'com1',
    'COM9.log',
    'com¹',
    'lpt³.x',
    'conin$',
    'CONOUT$',
    'con .txt',
  ])('refuses %j, which Windows reserves', (text) => {
    expect(() => parseName(text)).toThrow(refusal(/is reserved on Windows/));
  });

  const controls = [
    ...Array.from({ length: 0x20 }, (_, value) => value),
    ...Array.from({ length: 0x21 }, (_, value) => 0x7f + value),
    ...[0x061c, 0x200e, 0x200f],
    ...Array.from({ length: 7 }, (_, value) => 0x2028 + value),
    ...Array.from({ length: 4 }, (_, value) => 0x2066 + value),
    ...[0xd800, 0xdbff, 0xdc00, 0xdfff],
  ];

  it.each(controls.map(inHex))('refuses the control character %s', (name) => {
    const character = String.fromCharCode(Number.parseInt(name.slice(2), 16));
    expect(() => parseName(`a${character}b`)).toThrow(refusal(/control character/));
  });

  it('counts bytes, not characters', () => {
    const segment = 'é'.repeat(127);
    expect(parseName(`${segment}a`)).toHaveLength(128);
    expect(() => parseName(`${segment}aa`)).toThrow(refusal(/segment is longer than 255 bytes/));
    const name = [segment, segment, segment, segment].join('/');
    expect(parseName(`${name}/abcd`)).toHaveLength(4 * 128 + 4);
    expect(() => parseName(`${name}/abcde`)).toThrow(refusal(/longer than 1024 bytes/));
  });

  it('quotes a refused name short and without control characters', () => {
    expect(() => parseName(`${'a'.repeat(5_000)}\u001b[2J`)).toThrow(/^[ -~]{1,250}$/);
  });

  it('either refuses or gives a safe relative path that it takes again', () => {
    const oddities = fc.constantFrom('.', '/', '\\', 'a', 'con', ' ', ':', '\0', 'e\u0301', '🐟');
    const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: oddities }));
    fc.assert(
      fc.property(texts, (text) => {
        let name: string;
        try {
          name = parseName(text);
        } catch (error) {
          expect(error).toMatchObject({ name: 'ProtocolError', code: 'INVALID_NAME' });
          return;
        }
        expect(parseName(name)).toBe(name);
        expect(name.split('/').filter((s) => s === '' || s === '.' || s === '..')).toEqual([]);
        expect(name).toBe(text.normalize('NFC'));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('parsePrefix', () => {
  it.each(['', 'models', 'models/', 'models/llama/', 'con', 'v1.', 'a/..', 'a b '])(
    'takes %j',
    (text) => {
      expect(parsePrefix(text)).toBe(text);
    },
  );

  it('takes whatever a name begins with, in its NFC form', () => {
    const tokens = fc.constantFrom('.', '/', 'a', 'con', ' ', 'caf\u00e9', '\u65e5', '.bin');
    const texts = fc.string({ unit: tokens, minLength: 1 }).filter(isName);
    fc.assert(
      fc.property(texts, fc.nat({ max: 20 }), (name, chars) => {
        const prefix = name.slice(0, chars);
        expect(parsePrefix(prefix)).toBe(prefix);
      }),
      { numRuns: 1_000 },
    );
    expect(parsePrefix('cafe\u0301')).toBe('caf\u00e9');
  });

  it.each([
    ...['/', '//', 'models//', '../', '/models', 'a/../', 'con/x', 'v1./', 'a\\', 'a:', '\u001b'],
    ...['x'.repeat(256), 'x/'.repeat(512) + 'y'],
  ])('refuses %j', (text) => {
    expect(() => parsePrefix(text)).toThrow(expect.objectContaining({ code: 'INVALID_NAME' }));
  });
});
