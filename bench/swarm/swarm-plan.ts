import type { FlagSpecs, FlagValues } from '../harness/flag-values.js';
import { fluidBound } from './fluid-bound.js';
import type { Link } from './host-network.js';

const MEGABIT = 1_000_000;
const FULL_LINK: Link = { upBitsPerSecond: 40 * MEGABIT, downBitsPerSecond: 200 * MEGABIT };
const SLOW_LINK: Link = { ...FULL_LINK, upBitsPerSecond: 10 * MEGABIT };

export const SWARM_FLAGS: FlagSpecs = {
  size: { fallback: '32MiB', help: 'length of the file' },
  leechers: { fallback: '8', help: 'how many must finish' },
  kill: { fallback: '0', help: 'so many more are killed (SIGKILL) half way' },
  mixed: { help: 'half of the leechers send 10 Mbit/s instead of 40' },
  arrive: { fallback: '0s', help: 'time between one leecher and the next; 0s: all at once' },
  secure: { help: 'Shoal encrypted, too' },
  rivals: { fallback: '', help: 'programs to compare with, separated by commas' },
};

/** Who takes part in a swarm, over which links, and when. */
export interface SwarmPlan {
  readonly fileBytes: number;
  readonly seeder: Link;
  /** Those that must finish. */
  readonly leechers: readonly Link[];
  /** Those that come with them and are killed when half of the file has reached them. */
  readonly doomed: readonly Link[];
  readonly arrivalMs: number;
  /** What each leecher's time is compared with. */
  readonly boundSeconds: number;
}

export function planSwarm(flags: FlagValues): SwarmPlan {
  const fileBytes = flags.bytes('size');
  const leecherCount = flags.count('leechers');
  const leechers = Array.from({ length: leecherCount }, (_, index) => {
    return flags.has('mixed') && index % 2 === 1 ? SLOW_LINK : FULL_LINK;
  });
  const doomed = Array.from({ length: flags.count('kill') }, () => FULL_LINK);
  const arrivalMs = flags.durationMs('arrive');
  // Who comes later than others finds more that serve: the seeder alone bounds it.
  const boundSeconds =
    arrivalMs > 0
      ? (fileBytes * 8) / FULL_LINK.upBitsPerSecond
      : fluidBound(fileBytes, FULL_LINK, leechers);
  return { fileBytes, seeder: FULL_LINK, leechers, doomed, arrivalMs, boundSeconds };
}

export function renderPlan({ fileBytes, leechers, doomed, arrivalMs, ...plan }: SwarmPlan): string {
  const slowCount = leechers.filter((link) => link === SLOW_LINK).length;
  return [
    `${fileBytes / 2 ** 20} MiB from one seeder to ${leechers.length} leechers`,
    slowCount === 0 ? '' : `, ${slowCount} of them up 10 Mbit/s`,
    doomed.length === 0 ? '' : `, and ${doomed.length} more that are killed half way`,
    arrivalMs === 0 ? '' : `, ${arrivalMs / 1_000} s apart`,
    `; bound ${plan.boundSeconds.toFixed(2)} s`,
  ].join('');
}
