import { describe, expect, it } from 'vitest';
import { chunkAxis, connectionAxis, placesOn, sizesOf } from './core-axis.js';
import { ratioOf } from './core-cost.js';
import { halfOf } from './core-subject.js';
import { SUBJECTS } from './subjects.js';

const SMALL_SIZES = [
  { chunkCount: 100, connectionCount: 2, usedChunkCount: 100, usedConnectionCount: 2 },
  { chunkCount: 1_000, connectionCount: 50, usedChunkCount: 1_000, usedConnectionCount: 50 },
];
const FEW_USED = {
  chunkCount: 500,
  connectionCount: 50,
  usedChunkCount: 100,
  usedConnectionCount: 2,
};

describe('what is measured', () => {
  it.each(SUBJECTS)('does all of its operations: $title', (part) => {
    for (const size of part.uses === 'all' ? SMALL_SIZES : [...SMALL_SIZES, FEW_USED]) {
      const operationCount = part.prepare(size)();
      expect(operationCount).toBeGreaterThan(0);
      expect(operationCount).toBeLessThan(1_000_000);
    }
  });

  it('has a row of its own', () => {
    expect(new Set(SUBJECTS.map(({ title }) => title)).size).toBe(SUBJECTS.length);
  });
});

it('gives every connection another half of the chunks', () => {
  const [one, other] = [halfOf(10_000, 1), halfOf(10_000, 3)];
  const both = [...one.indexes()].filter((index) => other.has(index));
  for (const count of [one.count, other.count, 2 * both.length]) {
    expect(Math.abs(count - 5_000)).toBeLessThan(500);
  }
});

it('finds the sizes of an axis among all, each of them once', () => {
  const axes = [chunkAxis('all'), connectionAxis('all')];
  const sizes = sizesOf(axes);
  expect(sizes).toHaveLength(7);
  for (const axis of axes) {
    expect(placesOn(axis, sizes).map((place) => sizes[place])).toEqual(axis.sizes);
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
