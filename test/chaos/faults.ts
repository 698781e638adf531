import { setTimeout } from 'node:timers/promises';
import type { ChaosLog } from './chaos-log.js';
import type { ChaosWorld } from './chaos-world.js';

const MIN_GAP_MS = 250;
const MAX_GAP_MS = 1_500;
const FULL_DISK_MS = 3_000;
/** Of clocks that are set by hand, or on waking up, to either side. */
const MAX_CLOCK_STEP_MS = 2 * 60 * 60_000;

interface Fault {
  /** How often it comes, compared with the others. */
  readonly weight: number;
  readonly strike: (world: ChaosWorld, random: () => number) => void | Promise<void>;
}

/** Everything that may go wrong. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'kill a peer': { weight: 10, strike: (world, random) => anyOf(world.actors, random).kill() },
  'interrupt a leecher': {
    weight: 4,
    strike: (world, random) =>
      anyOf(world.leechers, random).interrupt(random() < 0.5 ? 'SIGINT' : 'SIGTERM'),
  },
  'pause a peer': {
    weight: 5,
    // Sometimes for longer than its lease.
    strike: (world, random) => anyOf(world.actors, random).pause(300 + random() * 6_000),
  },
  'cut a peer off': { weight: 7, strike: (world, random) => anyOf(world.actors, random).cut() },
  'cut all off the tracker': { weight: 3, strike: (world) => world.tracker.cut() },
  'step a clock': {
    weight: 3,
    strike: (world, random) => anyOf(world.actors, random).stepClock(clockStepMs(random)),
  },
  "step the tracker's clock": {
    weight: 2,
    strike: (world, random) => world.tracker.stepClock(clockStepMs(random)),
  },
  'overwrite a copy': {
    weight: 3,
    strike: (world, random) => anyOf(world.keepers, random).damage('overwrite', random),
  },
  'truncate a copy': {
    weight: 2,
    strike: (world, random) => anyOf(world.keepers, random).damage('truncate', random),
  },
  'interrupt a keeper': {
    weight: 2,
    strike: (world, random) => anyOf(world.keepers, random).interrupt('SIGTERM'),
  },
  'fill a disk': { weight: 2, strike: (world) => fillDisk(world) },
  'kill the tracker': { weight: 3, strike: (world) => void world.tracker.restart('SIGKILL') },
  'restart the tracker': { weight: 2, strike: (world) => void world.tracker.restart('SIGTERM') },
  'pause the tracker': {
    weight: 2,
    strike: (world, random) => void world.tracker.pause(300 + random() * 3_000),
  },
  'back the tracker up': { weight: 2, strike: (world) => void world.tracker.backUp() },
  'restore the tracker': { weight: 1, strike: (world) => void world.tracker.restore() },
};

/** Strikes again and again for so long. The order depends on `random` alone. */
export async function strikeFaults(
  world: ChaosWorld,
  { forMs, random, log }: { forMs: number; random: () => number; log: ChaosLog },
): Promise<void> {
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs) {
    await setTimeout(MIN_GAP_MS + random() * (MAX_GAP_MS - MIN_GAP_MS));
    const [title, fault] = pick(random());
    log.note('fault', title);
    await fault.strike(world, random);
  }
}

function pick(at: number): [string, Fault] {
  const entries = Object.entries(FAULTS);
  const total = entries.reduce((sum, [, { weight }]) => sum + weight, 0);
  let left = at * total;
  for (const entry of entries) {
    left -= entry[1].weight;
    if (left < 0) return entry;
  }
  return entries[0]!;
}

function anyOf<T>(things: readonly T[], random: () => number): T {
  return things[Math.floor(random() * things.length)]!;
}

function clockStepMs(random: () => number): number {
  return (2 * random() - 1) * MAX_CLOCK_STEP_MS;
}

async function fillDisk({ disk }: ChaosWorld): Promise<void> {
  await disk.fill();
  await setTimeout(FULL_DISK_MS);
  await disk.empty();
}
