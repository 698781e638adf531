import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bitfield } from '../bitfield.js';
import { toChunkIndex } from '../ids.js';
import { decodeBase64, encodeBase64, formatHeldChunks, parseHeldChunks } from './held-chunks.js';
import { HELD_ALL, HELD_NONE } from './tracker-api.js';

const refusal = expect.objectContaining({ code: 'INVALID_BITFIELD' }) as Error;

describe('held chunks', () => {
  it('has a word for everything and a word for nothing', () => {
    expect(formatHeldChunks(Bitfield.full(9))).toBe(HELD_ALL);
    expect(formatHeldChunks(Bitfield.empty(9))).toBe(HELD_NONE);
    expect(parseHeldChunks(HELD_ALL, 9)).toEqual(Bitfield.full(9));
    expect(parseHeldChunks(HELD_NONE, 9)).toEqual(Bitfield.empty(9));
  });

  it('takes a file of no chunks as held', () => {
    expect(formatHeldChunks(Bitfield.empty(0))).toBe(HELD_ALL);
    for (const held of [HELD_ALL, HELD_NONE, '']) {
      expect(parseHeldChunks(held, 0).isComplete).toBe(true);
    }
  });

  it('has no bitfield that reads like one of the words', () => {
    for (const word of [HELD_ALL, HELD_NONE]) expect(() => decodeBase64(word)).toThrow(refusal);
    // These bits spell "none" in base64, which once meant that nothing is held.
    const field = Bitfield.fromBytes(24, Uint8Array.of(0x9e, 0x89, 0xde));
    expect(formatHeldChunks(field)).toBe('none');
    expect(parseHeldChunks('none', 24)).toEqual(field);
  });

  it('is read as it was written', () => {
    const held = fc.integer({ min: 1, max: 120 }).chain((chunkCount) =>
      fc.record({
        chunkCount: fc.constant(chunkCount),
        indexes: fc.array(fc.nat(chunkCount - 1).map(toChunkIndex)),
      }),
    );
    fc.assert(
      fc.property(held, ({ chunkCount, indexes }) => {
        const field = Bitfield.empty(chunkCount);
        for (const index of indexes) field.set(index);
        expect(parseHeldChunks(formatHeldChunks(field), chunkCount)).toEqual(field);
      }),
    );
  });

  it.each([
    '',
    'ALL',
    'All',
    '/w',
    '/w=',
    '/w==\n',
    ' /w==',
    '/x==',
    '_w==',
    '//8=',
    '/===',
    '/4==',
  ])('refuses %j for 5 chunks', (text) => {
    expect(() => parseHeldChunks(text, 5)).toThrow(refusal);
  });
});

describe('base64', () => {
  it('encodes a view, not the memory it looks into', () => {
    expect(encodeBase64(Uint8Array.of(9, 1, 2, 3, 9).subarray(1, 4))).toBe('AQID');
  });

  it('gives bytes back, and takes nothing that it would not write', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), fc.base64String(), (bytes, text) => {
        expect(Uint8Array.from(decodeBase64(encodeBase64(bytes)))).toEqual(bytes);
        try {
          expect(encodeBase64(decodeBase64(text))).toBe(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_BITFIELD' });
        }
      }),
    );
  });
});
