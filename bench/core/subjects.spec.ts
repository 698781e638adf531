import { describe, expect, it } from 'vitest';
import { CHUNK_AXIS, CONNECTION_AXIS, placesOn, SIZES } from './core-axis.js';
import { ratioOf } from './core-cost.js';
import { SUBJECTS } from './subjects.js';

const SMALL_SIZES = [
  { chunkCount: 100, connectionCount: 2 },
  { chunkCount: 1_000, connectionCount: 50 },
];

describe('what is measured', () => {
  it.each(SUBJECTS)('does all of its operations: $title', (part) => {
    for (const size of SMALL_SIZES) {
      const operationCount = part.prepare(size)();
      expect(operationCount).toBeGreaterThan(0);
      expect(operationCount).toBeLessThan(1_000_000);
    }
  });

  it('has a row of its own', () => {
    expect(new Set(SUBJECTS.map(({ title }) => title)).size).toBe(SUBJECTS.length);
  });
});

it('finds the sizes of an axis among all, each of them once', () => {
  expect(SIZES).toHaveLength(7);
  for (const axis of [CHUNK_AXIS, CONNECTION_AXIS]) {
    expect(placesOn(axis).map((place) => SIZES[place])).toEqual(axis.sizes);
  }
});

it('compares the largest size with the smallest of the same run', () => {
  const runs = [
    [10, 20, 30],
    [0, 0, 0],
    [10, 40, 90],
  ];
  expect(ratioOf(runs)).toBe(2);
});
