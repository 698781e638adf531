import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { eventually } from '../support/eventually.js';
import type { PeerHome } from '../support/peer-home.js';
import { hashFile } from '../support/sample-content.js';
import { TrackerViews } from '../support/tracker-views.js';
import type { CatalogueFile } from './catalogue.js';
import type { ChaosWorld } from './chaos-world.js';

/** Far more than a lease: the machine may be busy. */
const OWNERSHIP_MS = 30_000;
/** Names that only what is unfinished may have. */
const UNFINISHED = /\.part$|\.resume$|\.lock$|\.tmp$|^\.shoal-/;

/** Everybody gets everything, now that all works again. Returns what is wrong. */
export async function checkDownloads(world: ChaosWorld): Promise<string[]> {
  const names = [...new Set(world.files.map(({ name }) => requestOf(name)))];
  const sources = await Promise.all(world.publishers.map(({ home }) => home.serve(['seed'])));
  const wrong: string[] = [];
  for (const { title, home, folder } of [...world.keepers, ...world.leechers]) {
    const flags = ['--progress', 'none', '--timeout', '60s'];
    const run = await home.run(['download', ...names, '-o', folder, ...flags]);
    if (run.exitCode !== 0) wrong.push(`${title}: ${String(run.exitCode)} ${run.stderr}`);
    wrong.push(...(await checkFiles(title, folder, world.files)));
  }
  for (const source of sources) await source.kill('SIGTERM');
  return wrong;
}

/** While all homes seed, what the tracker's database says is what is on their disks. */
export async function checkOwnership(world: ChaosWorld): Promise<void> {
  const holders = [
    ...world.publishers.map(({ title, home, files }) => ({ title, home, files })),
    ...[...world.keepers, ...world.leechers].map(({ title, home }) => ({
      title,
      home,
      files: world.files,
    })),
  ];
  const seeding = await Promise.all(
    holders.map(async (holder) => ({ ...holder, program: await holder.home.serve(['seed']) })),
  );
  for (const { title, files, program } of seeding) {
    const missing = files.filter(({ name }) => !program.stdout.includes(`sharing ${name} `));
    const names = missing.map(({ name }) => name).join(', ');
    if (names !== '') throw new Error(`${title} serves no ${names}: ${program.stderr}`);
  }
  const holderCount = 1 + world.keepers.length + world.leechers.length;
  using views = new TrackerViews(world.tracker.tracker);
  await eventually(() => {
    for (const { name } of world.files) {
      const rows = views.rows<{ complete: number }>(
        'SELECT complete FROM v_ownership WHERE name = ?',
        name,
      );
      const completeCount = rows.filter(({ complete }) => complete === 1).length;
      if (completeCount === holderCount && rows.length === holderCount) continue;
      throw new Error(
        `${name}: ${completeCount} of ${rows.length} peers have all of it, not ${holderCount}`,
      );
    }
  }, AbortSignal.timeout(OWNERSHIP_MS));
  for (const { program } of seeding) await program.kill('SIGTERM');
}

/** Of all folders that ever were written to. */
export async function findOrphans(homes: readonly PeerHome[], more: string): Promise<string[]> {
  const folders = [...homes.map((home) => home.file('.')), more];
  const found: string[] = [];
  for (const folder of folders) {
    const names = await readdir(folder, { recursive: true });
    found.push(...names.filter((name) => UNFINISHED.test(basename(name))));
  }
  return found;
}

export function databaseFaults(path: string): unknown[] {
  const database = new Database(path, { readonly: true });
  try {
    return (database.pragma('integrity_check') as { integrity_check: string }[])
      .map((row) => row.integrity_check)
      .filter((line) => line !== 'ok');
  } finally {
    database.close();
  }
}

async function checkFiles(
  title: string,
  folder: string,
  files: readonly CatalogueFile[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const { name, sha256 } of files) {
    const found = await hashFile(join(folder, name)).catch((error: unknown) => String(error));
    if (found !== sha256) wrong.push(`${title}: ${name} is ${found}, not ${sha256}`);
  }
  return wrong;
}

function requestOf(name: string): string {
  return name.includes('/') ? `${name.split('/')[0]!}/` : name;
}
