import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { seededRandom } from '../sim/seeded-random.js';
import { TempDir } from '../support/temp-dir.js';
import { ChaosLog } from './chaos-log.js';
import { ChaosWorld } from './chaos-world.js';
import { strikeFaults } from './faults.js';
import { checkDownloads, checkOwnership, databaseFaults, findOrphans } from './final-checks.js';

const MINUTES = Number(process.env['CHAOS_MINUTES'] ?? 2);
const SEED = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** What comes after the faults: everybody's last downloads, and the checks. */
const CALM_MS = 180_000;
/** To leave nothing behind, should that not have been enough. */
const CLEANING_MS = 60_000;

it(
  'loses nothing while processes, connections, disks and copies fail',
  async () => {
    const logPath = join(tmpdir(), `shoal-chaos-${SEED}.log`);
    const log = new ChaosLog(logPath);
    process.stdout.write(`chaos: seed ${SEED}, ${MINUTES} minutes, log ${logPath}\n`);
    await using root = await TempDir.create();
    await using world = await ChaosWorld.create({ root, seed: SEED, log });
    await before(MINUTES * 60_000 + CALM_MS, runThrough(world, log));
  },
  MINUTES * 60_000 + CALM_MS + CLEANING_MS,
);

async function runThrough(world: ChaosWorld, log: ChaosLog): Promise<void> {
  await strikeFaults(world, { forMs: MINUTES * 60_000, random: seededRandom(SEED), log });
  await world.stop();
  process.stdout.write(`chaos: ${JSON.stringify(Object.fromEntries(log.counts))}\n`);
  expect(log.violations).toEqual([]);
  expect(log.counts.get('download checked') ?? 0).toBeGreaterThan(0);
  expect(await checkDownloads(world)).toEqual([]);
  await checkOwnership(world);
  const homes = world.actors.map(({ home }) => home);
  expect(await findOrphans(homes, world.disk.folder)).toEqual([]);
  expect(await world.tracker.tracker.kill('SIGTERM')).toBe(0);
  expect(databaseFaults(world.tracker.tracker.databasePath)).toEqual([]);
}

/** Rejects when the work takes longer: the world is then taken down all the same. */
async function before(deadlineMs: number, work: Promise<void>): Promise<void> {
  const deadline = new AbortController();
  const late = setTimeout(deadlineMs, undefined, deadline).then(() => {
    throw new Error(`it is not done after ${deadlineMs} ms`);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    deadline.abort();
    late.catch(() => undefined); // it ends in an AbortError
  }
}
