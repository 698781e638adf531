import { expect, test } from 'vitest';
import { LifeSigns } from './life-signs.js';

test('who owes nothing is never idle', () => {
  const life = new LifeSigns();
  expect(life.idleMs({ silentSinceMs: undefined, nowMs: 1_000_000 })).toBe(0);
});

test('a silent peer is idle from the ask on', () => {
  const life = new LifeSigns();
  expect(life.idleMs({ silentSinceMs: 100, nowMs: 350 })).toBe(250);
  expect(life.idleMs({ silentSinceMs: 100, nowMs: 5_100 })).toBe(5_000);
});

test('a byte a second is silence', () => {
  const life = new LifeSigns();
  for (let nowMs = 1_000; nowMs <= 10_000; nowMs += 1_000) {
    expect(life.received({ bytes: 1, nowMs })).toBe('unclear');
    expect(life.idleMs({ silentSinceMs: nowMs, nowMs: nowMs + 10 })).toBe(nowMs + 10 - 1_000);
  }
});

test('a slow peer is alive whenever enough has come', () => {
  const life = new LifeSigns();
  expect(life.idleMs({ silentSinceMs: 0, nowMs: 1 })).toBe(1);
  expect(life.received({ bytes: 600, nowMs: 1_000 })).toBe('unclear');
  expect(life.received({ bytes: 600, nowMs: 2_000 })).toBe('alive');
  expect(life.idleMs({ silentSinceMs: 2_000, nowMs: 2_500 })).toBe(500);
});

test('what it owed before does not count against what it owes now', () => {
  const life = new LifeSigns();
  expect(life.idleMs({ silentSinceMs: 0, nowMs: 9_000 })).toBe(9_000);
  expect(life.idleMs({ silentSinceMs: undefined, nowMs: 10_000 })).toBe(0);
  expect(life.idleMs({ silentSinceMs: 20_000, nowMs: 20_500 })).toBe(500);
});
