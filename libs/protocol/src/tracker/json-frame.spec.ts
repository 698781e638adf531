import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryCuts, runsOf } from '../../../../test/fuzz/cut-stream.js';
import { MAX_TRACKER_MESSAGE_CHARS } from '../limits.js';
import { encodeJsonFrame, JsonFrameSplitter } from './json-frame.js';

const refusal = (code: string) => expect.objectContaining({ name: 'ProtocolError', code }) as Error;

function pushCut(stream: Uint8Array, cuts: readonly number[]): unknown[] {
  const splitter = new JsonFrameSplitter();
  return [...runsOf(stream, cuts)].flatMap((run) => splitter.push(run));
}

describe('encodeJsonFrame', () => {
  it.each([
    [{}, '2#{}'],
    ['é', '3#"é"'],
    ['🐟', '4#"🐟"'],
    ['\ud800', '8#"\\ud800"'],
    [null, '4#null'],
  ])('counts UTF-16 units: %j', (value, frame) => {
    expect(encodeJsonFrame(value)).toBe(frame);
  });

  it('bounds a message', () => {
    const largest = 'a'.repeat(MAX_TRACKER_MESSAGE_CHARS - 2);
    expect(pushCut(Buffer.from(encodeJsonFrame(largest)), [])).toEqual([largest]);
    expect(() => encodeJsonFrame(`${largest}a`)).toThrow(refusal('FRAME_TOO_LARGE'));
  });
});

describe('JsonFrameSplitter', () => {
  const values = fc.array(fc.jsonValue({ stringUnit: 'binary' }), { maxLength: 5 });

  it('gives the same values wherever the stream is cut', () => {
    fc.assert(
      fc.property(values, arbitraryCuts, (sent, cuts) => {
        const texts = sent.map((value) => encodeJsonFrame(value));
        const expected = sent.map((value) => JSON.parse(JSON.stringify(value)) as unknown);
        expect(pushCut(Buffer.from(texts.join('')), cuts)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('waits for the rest of a character, a length or a message', () => {
    const stream = Buffer.from('10#["🐟","é"]2#[]');
    for (let cutAt = 0; cutAt <= stream.length; cutAt += 1) {
      expect(pushCut(stream, [cutAt])).toEqual([['🐟', 'é'], []]);
    }
    const alone = Array.from({ length: stream.length }, (_, index) => index);
    expect(pushCut(stream, alone)).toEqual([['🐟', 'é'], []]);
  });

  it('keeps a byte order mark within a text', () => {
    expect(pushCut(Buffer.from('3#"\ufeff"'), [])).toEqual(['\ufeff']);
    expect(() => pushCut(Buffer.from('\ufeff2#[]'), [])).toThrow(refusal('MALFORMED_FRAME'));
  });

  it.each([
    ['no length', '#{}'],
    ['a length of 0', '0#'],
    ['a negative length', '-2#{}'],
    ['a length in hex', '0x2#{}'],
    ['another protocol', 'GET / HTTP/1.1\r\n'],
    ['a length without end', '00000000000'],
    ['a message that is no JSON', '2#{]'],
    ['a length that is too short', '1#{}'],
  ])('refuses %s', (_fault, text) => {
    expect(() => pushCut(Buffer.from(text), [])).toThrow(refusal('MALFORMED_FRAME'));
  });

  it('refuses bytes that are not UTF-8', () => {
    const stream = Buffer.from([0x33, 0x23, 0x22, 0xff, 0x22]);
    expect(() => pushCut(stream, [])).toThrow(refusal('MALFORMED_FRAME'));
  });

  it('refuses a message at its length, before any of it', () => {
    const start = Buffer.from(`${MAX_TRACKER_MESSAGE_CHARS + 1}#`);
    expect(() => pushCut(start, [])).toThrow(refusal('FRAME_TOO_LARGE'));
    expect(() => pushCut(Buffer.from('9999999999#'), [])).toThrow(refusal('FRAME_TOO_LARGE'));
  });

  it('throws nothing but ProtocolError, whatever the bytes', () => {
    const start = fc.constantFrom('', '1#', '2#', '9#', '100#');
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 60 }), (start, tail) => {
        try {
          pushCut(Buffer.concat([Buffer.from(start), tail]), []);
        } catch (error) {
          expect(error).toMatchObject({ name: 'ProtocolError' });
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
