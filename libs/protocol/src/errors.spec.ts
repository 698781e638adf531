import { describe, expect, it } from 'vitest';
import {
  isTrackerCode,
  ProtocolError,
  readTrackerError,
  TRACKER_CODES,
  WIRE_CODES,
  wireCodeName,
} from './errors.js';
import { MAX_RETRY_AFTER_MS } from './limits.js';

describe('codes', () => {
  it('gives each wire code a number of its own that fits into two bytes', () => {
    const numbers = Object.values(WIRE_CODES);
    expect(new Set<number>(numbers).size).toBe(numbers.length);
    for (const value of numbers) expect(value).toBeLessThanOrEqual(0xffff);
  });

  it('names every number, and INTERNAL for one from a later version', () => {
    for (const [name, value] of Object.entries(WIRE_CODES)) expect(wireCodeName(value)).toBe(name);
    expect(wireCodeName(0xffff)).toBe('INTERNAL');
  });

  it('knows tracker codes from other values', () => {
    expect(TRACKER_CODES.every(isTrackerCode)).toBe(true);
    for (const value of ['', 'toString', 'name_taken', undefined, 7]) {
      expect(isTrackerCode(value)).toBe(false);
    }
  });
});

describe('ProtocolError', () => {
  it('says its code, its details and its cause', () => {
    const cause = new Error('why');
    const error = new ProtocolError('FRAME_TOO_LARGE', { bodyBytes: 7 }, { cause });
    expect(error).toMatchObject({ code: 'FRAME_TOO_LARGE', details: { bodyBytes: 7 }, cause });
    expect(error.message).toBe('FRAME_TOO_LARGE (bodyBytes=7)');
    expect(new ProtocolError('CHOKED').message).toBe('CHOKED');
  });
});

describe('a refusal that came over the wire', () => {
  const message = 'later';

  it('carries its code, its words and when to ask again', () => {
    const error = readTrackerError({ code: 'BUSY', message, retryAfterMs: 500 });
    expect(error).toMatchObject({ code: 'BUSY', message, retryAfterMs: 500 });
  });

  it('keeps nobody waiting for longer than the limit', () => {
    const error = readTrackerError({ code: 'BUSY', message, retryAfterMs: 1e300 });
    expect(error.retryAfterMs).toBe(MAX_RETRY_AFTER_MS);
  });

  it.each([null, undefined, 7, [], { code: 'NO_SUCH', message: {}, retryAfterMs: '1' }])(
    'is INTERNAL when it is %j',
    (err) => {
      expect(readTrackerError(err)).toMatchObject({ code: 'INTERNAL', retryAfterMs: undefined });
    },
  );

  it.each([Number.NaN, -1, null])('asks for no time with %s', (retryAfterMs) => {
    expect(readTrackerError({ code: 'BUSY', message, retryAfterMs }).retryAfterMs).toBe(undefined);
  });
});
