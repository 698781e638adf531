import { describe, expect, it } from 'vitest';
import {
  digestFromBytes,
  digestToBytes,
  identityOf,
  isDigest,
  isPeerId,
  parseDigest,
  parseIdentity,
  parsePeerId,
} from './ids.js';

const hexDigits = '0123456789abcdef'.repeat(4);
const identity = 'abcdefghijklmnopqrstuvwxyz234567';

describe('Digest', () => {
  it('is b3: and 64 lower-case hex digits', () => {
    expect(parseDigest(`b3:${hexDigits}`)).toBe(`b3:${hexDigits}`);
    expect(digestToBytes(parseDigest(`b3:${hexDigits}`))).toEqual(Buffer.from(hexDigits, 'hex'));
  });

  it.each([
    '',
    'b3:',
    hexDigits,
    `b3:${hexDigits}0`,
    `b3:${hexDigits.slice(1)}`,
    `b3:${hexDigits.toUpperCase()}`,
    `B3:${hexDigits}`,
    ` b3:${hexDigits}`,
    `b3:${hexDigits}\n`,
    `b3:${'g'.repeat(64)}`,
  ])('refuses %j', (text) => {
    expect(isDigest(text)).toBe(false);
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: 'INVALID_DIGEST' }));
  });

  it('is read from a view and from nothing but 32 bytes', () => {
    const memory = new Uint8Array(34).fill(7);
    expect(digestFromBytes(memory.subarray(1, 33))).toBe(`b3:${'07'.repeat(32)}`);
    for (const lengthBytes of [0, 31, 33]) {
      expect(() => digestFromBytes(memory.subarray(0, lengthBytes))).toThrow(
        expect.objectContaining({ code: 'INVALID_DIGEST' }),
      );
    }
  });
});

describe('PeerId', () => {
  it('is an identity, a dash and four characters', () => {
    const peerId = parsePeerId(`${identity}-a2c7`);
    expect(identityOf(peerId)).toBe(identity);
    expect(parseIdentity(identity)).toBe(identity);
  });

  it.each([
    '',
    identity,
    `${identity}-`,
    `${identity}-abc`,
    `${identity}-abcde`,
    `${identity}-ABCD`,
    `${identity}-ab1d`,
    `${identity}_abcd`,
    `${identity.slice(1)}-abcd`,
    `${identity}-abcd\n`,
  ])('refuses %j', (text) => {
    expect(isPeerId(text)).toBe(false);
    expect(() => parsePeerId(text)).toThrow(expect.objectContaining({ code: 'INVALID_PEER_ID' }));
  });

  it.each(['', identity.slice(1), `${identity}a`, identity.toUpperCase(), `${identity}\n`])(
    'refuses the identity %j',
    (text) => {
      expect(() => parseIdentity(text)).toThrow(
        expect.objectContaining({ code: 'INVALID_PEER_ID' }),
      );
    },
  );

  it('quotes only the start of what it refuses', () => {
    const stranger = 'x'.repeat(10_000);
    for (const parse of [parseDigest, parsePeerId, parseIdentity]) {
      expect(() => parse(stranger)).toThrow(/^.{1,160}$/);
    }
  });
});
