import type { CoreSize } from './core-subject.js';

const CHUNK_COUNTS = [100, 1_000, 10_000, 100_000];
const CONNECTION_COUNTS = [2, 50, 200, 500];
const USUAL_CHUNK_COUNT = 10_000;
const USUAL_CONNECTION_COUNT = 50;

/** Operations go to all chunks and connections, or to no more than there are in the first column. */
export type Used = 'all' | 'few';

const words = (count: number) => count.toLocaleString('en');

/** Sizes that differ in one thing alone, the smallest first. */
export interface CoreAxis {
  readonly title: string;
  readonly columns: readonly string[];
  readonly sizes: readonly CoreSize[];
}

export function chunkAxis(used: Used): CoreAxis {
  const [fewest] = CHUNK_COUNTS;
  const ofThem = used === 'few' ? `, ${words(fewest!)} of them used,` : '';
  return {
    title: `with so many chunks${ofThem} and ${words(USUAL_CONNECTION_COUNT)} connections`,
    columns: CHUNK_COUNTS.map(words),
    sizes: CHUNK_COUNTS.map((chunkCount) => ({
      chunkCount,
      usedChunkCount: used === 'few' ? fewest! : chunkCount,
      connectionCount: USUAL_CONNECTION_COUNT,
      usedConnectionCount: USUAL_CONNECTION_COUNT,
    })),
  };
}

export function connectionAxis(used: Used): CoreAxis {
  const [fewest] = CONNECTION_COUNTS;
  const ofThem = used === 'few' ? `, ${words(fewest!)} of them used,` : '';
  return {
    title: `with so many connections${ofThem} and ${words(USUAL_CHUNK_COUNT)} chunks`,
    columns: CONNECTION_COUNTS.map(words),
    sizes: CONNECTION_COUNTS.map((connectionCount) => ({
      chunkCount: USUAL_CHUNK_COUNT,
      usedChunkCount: USUAL_CHUNK_COUNT,
      connectionCount,
      usedConnectionCount: used === 'few' ? fewest! : connectionCount,
    })),
  };
}

/** Each size of the axes once. */
export function sizesOf(axes: readonly CoreAxis[]): CoreSize[] {
  const sizes = axes.flatMap((axis) => axis.sizes);
  return [...new Map(sizes.map((size) => [JSON.stringify(size), size])).values()];
}

/** Where the sizes of an axis are among `sizes`. */
export function placesOn(axis: CoreAxis, sizes: readonly CoreSize[]): number[] {
  const keys = sizes.map((size) => JSON.stringify(size));
  return axis.sizes.map((size) => keys.indexOf(JSON.stringify(size)));
}
