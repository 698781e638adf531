import type { CoreSize } from './core-subject.js';

const CHUNK_COUNTS = [100, 1_000, 10_000, 100_000];
const CONNECTION_COUNTS = [2, 50, 200, 500];
const USUAL: CoreSize = { chunkCount: 10_000, connectionCount: 50 };

const sizeKey = ({ chunkCount, connectionCount }: CoreSize) => `${chunkCount} ${connectionCount}`;
const words = (count: number) => count.toLocaleString('en');

/** Sizes that differ in one thing alone, the smallest first. */
export interface CoreAxis {
  readonly title: string;
  readonly columns: readonly string[];
  readonly sizes: readonly CoreSize[];
}

export const CHUNK_AXIS: CoreAxis = {
  title: `with so many chunks and ${words(USUAL.connectionCount)} connections`,
  columns: CHUNK_COUNTS.map(words),
  sizes: CHUNK_COUNTS.map((chunkCount) => ({ ...USUAL, chunkCount })),
};

export const CONNECTION_AXIS: CoreAxis = {
  title: `with so many connections and ${words(USUAL.chunkCount)} chunks`,
  columns: CONNECTION_COUNTS.map(words),
  sizes: CONNECTION_COUNTS.map((connectionCount) => ({ ...USUAL, connectionCount })),
};

/** Each size of both axes once. */
export const SIZES: readonly CoreSize[] = [
  ...new Map(
    [...CHUNK_AXIS.sizes, ...CONNECTION_AXIS.sizes].map((size) => [sizeKey(size), size]),
  ).values(),
];

/** Where the sizes of an axis are in SIZES. */
export function placesOn(axis: CoreAxis): number[] {
  const keys = SIZES.map(sizeKey);
  return axis.sizes.map((size) => keys.indexOf(sizeKey(size)));
}
