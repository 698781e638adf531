import { TrackerError } from '#protocol';

/** [first, last], both included. */
export type ChunkRange = readonly [number, number];

/** The same chunks in as few ranges as possible, so that overlapping ranges cost nothing. Throws
 *  OUT_OF_RANGE for a range that is backwards or beyond the end of the file. */
export function mergeRanges(ranges: readonly ChunkRange[], chunkCount: number): ChunkRange[] {
  const merged: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (first > last || last >= chunkCount) {
      const message = `no chunks ${first} to ${last}: the file has ${chunkCount}`;
      throw new TrackerError('OUT_OF_RANGE', message);
    }
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) {
      previous[1] = Math.max(previous[1], last);
    } else {
      merged.push([first, last]);
    }
  }
  return merged;
}
