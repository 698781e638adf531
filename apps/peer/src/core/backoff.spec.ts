import { expect, test } from 'vitest';
import { backoffMs } from './backoff.js';

test('doubles from the base to the limit, half of it random', () => {
  const waits = (dice: number) =>
    [0, 1, 2, 3, 1_000].map((attempt) =>
      backoffMs({ attempt, random: () => dice, baseMs: 100, maxMs: 500 }),
    );
  expect(waits(0)).toEqual([50, 100, 200, 250, 250]);
  expect(waits(0.999999)).toEqual([100, 200, 400, 500, 500]);
});

test('waits as long as it is asked to, and some more by chance', () => {
  const wait = (dice: number, askedMs: number) =>
    backoffMs({ attempt: 1, random: () => dice, baseMs: 100, maxMs: 500, askedMs });
  expect([wait(0, 10), wait(0, 1_000), wait(0.5, 1_000)]).toEqual([100, 1_000, 1_250]);
});
