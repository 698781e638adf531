import type { Link } from './host-network.js';

/** The least seconds in which a seeder can bring a file to all leechers, were it a fluid: it must leave
 *  the seeder once, enter each leecher once, and all copies must leave somebody.
 *  max(F/u_s, F/d_min, N·F/(u_s + Σu_i)). */
export function fluidBound(fileBytes: number, seeder: Link, leechers: readonly Link[]): number {
  const fileBits = fileBytes * 8;
  const slowestDown = Math.min(...leechers.map(({ downBitsPerSecond }) => downBitsPerSecond));
  const upSum = leechers.reduce((sum, { upBitsPerSecond }) => sum + upBitsPerSecond, 0);
  return Math.max(
    fileBits / seeder.upBitsPerSecond,
    fileBits / slowestDown,
    (leechers.length * fileBits) / (seeder.upBitsPerSecond + upSum),
  );
}
