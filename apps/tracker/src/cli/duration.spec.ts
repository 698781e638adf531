import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.js';

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['60s', 60_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
  ])('reads %s', (text, durationMs) => expect(parseDuration(text)).toBe(durationMs));

  it.each(['', '60', 's', '-1s', '1 s', '1S', '1e3s', '1s1'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
