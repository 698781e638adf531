import { Bitfield, toChunkIndex, type ChunkIndex, type PeerId } from '#protocol';

/** What the cost of the core must not depend on. */
export interface CoreSize {
  readonly chunkCount: number;
  readonly connectionCount: number;
  /** What operations go to; the others are only there. */
  readonly usedChunkCount: number;
  readonly usedConnectionCount: number;
}

/** A part of the core at work. */
export interface CoreSubject {
  /** The part, and what one operation is. */
  readonly title: string;
  /** Whether it can leave chunks and connections unused; a whole download, say, cannot. */
  readonly uses: 'some' | 'all';
  /** Everything that comes before the first operation. The function that it returns is called once:
   *  it does the operations and says how many they were. */
  prepare(size: CoreSize): () => number;
}

/** Prime to every number of chunks that is measured, so that its multiples visit all of them. */
const STRIDE = 7_919;
/** They are only read. */
const halves = new Map<string, Bitfield>();

export function peerIds(count: number): PeerId[] {
  return Array.from({ length: count }, (_, nth) => `peer-${nth}`.padEnd(26, 'x') as PeerId);
}

/** The chunk that comes `nth`, all of them being visited in an order without neighbours. */
export function scattered(nth: number, chunkCount: number): ChunkIndex {
  return toChunkIndex((nth * STRIDE) % chunkCount);
}

/** Half of the chunks, picked without order; another half for each `nth`. */
export function halfOf(chunkCount: number, nth: number): Bitfield {
  const key = `${chunkCount} ${nth}`;
  const known = halves.get(key);
  if (known !== undefined) return known;
  const held = Bitfield.empty(chunkCount);
  for (let index = 0; index < chunkCount; index += 1) {
    if (mixed(mixed(nth) + index) % 2 === 0) held.set(toChunkIndex(index));
  }
  halves.set(key, held);
  return held;
}

/** A number in which every bit depends on all of `value`: the finalizer of MurmurHash3. */
function mixed(value: number): number {
  let bits = value ^ (value >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
