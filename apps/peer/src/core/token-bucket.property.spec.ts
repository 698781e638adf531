import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenBucket } from './token-bucket.js';

const anyTake = fc.record({
  bytes: fc.integer({ min: 1, max: 5_000 }),
  waitMs: fc.double({ min: 0, max: 500, noNaN: true }),
});

test('over any stretch of time no more than the rate and a burst passes', () => {
  const cases = fc.record({
    bytesPerSecond: fc.integer({ min: 1, max: 20_000 }),
    burstBytes: fc.integer({ min: 1, max: 8_000 }),
    takes: fc.array(anyTake, { maxLength: 60 }),
  });
  const property = fc.property(cases, ({ bytesPerSecond, burstBytes, takes }) => {
    const bucket = new TokenBucket({ bytesPerSecond, burstBytes });
    const taken: { atMs: number; bytes: number }[] = [];
    let nowMs = 0;
    for (const take of takes) {
      nowMs += take.waitMs;
      if (bucket.take({ bytes: take.bytes, nowMs }) > 0) continue;
      taken.push({ atMs: nowMs, bytes: take.bytes });
    }
    for (let first = 0; first < taken.length; first += 1) {
      let bytes = 0;
      for (const entry of taken.slice(first)) {
        const allowed = burstBytes + ((entry.atMs - taken[first]!.atMs) * bytesPerSecond) / 1000;
        const debt = Math.max(0, entry.bytes - burstBytes);
        bytes += entry.bytes;
        expect(bytes).toBeLessThanOrEqual(allowed + debt + 0.1);
      }
    }
  });
  fc.assert(property, { numRuns: 200 });
});

test('whoever waits as long as told is let through', () => {
  const cases = fc.record({
    bytesPerSecond: fc.integer({ min: 1, max: 1_000_000_000 }),
    burstBytes: fc.integer({ min: 1, max: 1_000_000 }),
    sizes: fc.array(fc.integer({ min: 1, max: 8_000_000 }), { maxLength: 40 }),
  });
  const property = fc.property(cases, ({ bytesPerSecond, burstBytes, sizes }) => {
    const bucket = new TokenBucket({ bytesPerSecond, burstBytes });
    let nowMs = 1_700_000_000_000;
    for (const bytes of sizes) {
      const waitMs = bucket.take({ bytes, nowMs });
      nowMs += waitMs;
      if (waitMs > 0) expect(bucket.take({ bytes, nowMs })).toBe(0);
    }
  });
  fc.assert(property, { numRuns: 200 });
});

test('an unlimited bucket never waits, a senseless one cannot be made', () => {
  const bucket = new TokenBucket({ bytesPerSecond: Infinity, burstBytes: 1 });
  expect(bucket.take({ bytes: 1e12, nowMs: 0 })).toBe(0);
  expect(() => new TokenBucket({ bytesPerSecond: 0, burstBytes: 1 })).toThrow(RangeError);
});

test('a clock that goes back neither fills nor breaks it', () => {
  const bucket = new TokenBucket({ bytesPerSecond: 1_000, burstBytes: 100 });
  expect(bucket.take({ bytes: 100, nowMs: 1_000 })).toBe(0);
  expect(bucket.take({ bytes: 100, nowMs: 500 })).toBe(100);
  expect(bucket.take({ bytes: 100, nowMs: 600 })).toBe(0);
});
