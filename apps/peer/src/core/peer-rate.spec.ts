import { expect, test } from 'vitest';
import { PeerRate } from './peer-rate.js';

test('a steady stream reads as its rate, early and late', () => {
  const rate = new PeerRate({ windowMs: 2_000 });
  for (let nowMs = 0; nowMs <= 60_000; nowMs += 10) {
    rate.received({ bytes: 1_000, nowMs });
    if (nowMs < 1_000) continue;
    expect(rate.bytesPerSecond(nowMs) / 100_000).toBeGreaterThan(0.97);
    expect(rate.bytesPerSecond(nowMs) / 100_000).toBeLessThan(1.03);
  }
  expect(rate.totalBytes).toBe(6_001_000);
});

test('a peer that stopped fades away, one that never sent reads as nothing', () => {
  const rate = new PeerRate({ windowMs: 1_000 });
  expect(rate.bytesPerSecond(5_000)).toBe(0);
  rate.received({ bytes: 1_000_000, nowMs: 0 });
  expect(rate.bytesPerSecond(0)).toBeGreaterThan(1_000_000);
  expect(rate.bytesPerSecond(10_000)).toBeLessThan(100);
});
