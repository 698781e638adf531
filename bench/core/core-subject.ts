import { Bitfield, toChunkIndex, type ChunkIndex, type PeerId } from '#protocol';

/** What the cost of the core must not depend on. */
export interface CoreSize {
  readonly chunkCount: number;
  readonly connectionCount: number;
}

/** A part of the core at work. */
export interface CoreSubject {
  /** The part, and what one operation is. */
  readonly title: string;
  /** Everything that comes before the first operation. The function that it returns is called once:
   *  it does the operations and says how many they were. */
  prepare(size: CoreSize): () => number;
}

/** Prime to every number of chunks that is measured, so that its multiples visit all of them. */
const STRIDE = 7_919;
const PATTERN_COUNT = 16;
/** They are only read. */
const halves = new Map<string, Bitfield>();

export function peerIds(count: number): PeerId[] {
  return Array.from({ length: count }, (_, nth) => `peer-${nth}`.padEnd(26, 'x') as PeerId);
}

/** The chunk that comes `nth`, all of them being visited in an order without neighbours. */
export function scattered(nth: number, chunkCount: number): ChunkIndex {
  return toChunkIndex((nth * STRIDE) % chunkCount);
}

/** Half of the chunks, picked without order; another half for each of PATTERN_COUNT values of `nth`. */
export function halfOf(chunkCount: number, nth: number): Bitfield {
  const pattern = nth % PATTERN_COUNT;
  const key = `${chunkCount} ${pattern}`;
  const known = halves.get(key);
  if (known !== undefined) return known;
  const held = Bitfield.empty(chunkCount);
  for (let index = 0; index < chunkCount; index += 1) {
    const bits = Math.imul(index ^ (pattern << 20), 0x9e3779b1);
    if (((bits >>> 15) & 1) === pattern % 2) held.set(toChunkIndex(index));
  }
  halves.set(key, held);
  return held;
}
