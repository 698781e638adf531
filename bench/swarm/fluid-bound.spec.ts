import { expect, it } from 'vitest';
import { fluidBound } from './fluid-bound.js';

const MIB = 1024 * 1024;
const link = (up: number, down: number) => ({
  upBitsPerSecond: up * 1e6,
  downBitsPerSecond: down * 1e6,
});
const many = (count: number, up: number) => Array.from({ length: count }, () => link(up, 200));

it.each([
  ['the seeder, when leechers have enough', 32 * MIB, link(40, 200), many(8, 40), 6.71],
  ['the seeder, however many they are', 128 * MIB, link(40, 200), many(16, 40), 26.84],
  ['a leecher that can take only little', 32 * MIB, link(400, 200), [link(400, 20)], 13.42],
  [
    'all uploads together, when some are slow',
    128 * MIB,
    link(40, 200),
    [...many(4, 40), ...many(4, 10)],
    35.79,
  ],
])('is set by %s', (_, fileBytes, seeder, leechers, seconds) => {
  expect(fluidBound(fileBytes, seeder, leechers)).toBeCloseTo(seconds, 1);
});
