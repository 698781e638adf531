// npm run bench -- SCENARIO [FLAGS]: measures Shoal beside its rivals. bench/README.md explains all.
import { existsSync } from 'node:fs';
import { BenchRun } from './harness/bench-run.js';
import { FlagValues, UsageError, type FlagSpecs } from './harness/flag-values.js';
import { TIME_PROGRAM } from './harness/measured-program.js';
import { COMMON_FLAGS, type Scenario } from './harness/scenario.js';

const SCENARIOS: Readonly<Record<string, () => Promise<Scenario>>> = {
  tracker: async () => (await import('./tracker/tracker.js')).tracker,
  transfer: async () => (await import('./transfer/transfer.js')).transfer,
  share: async () => (await import('./share/share.js')).share,
  'small-files': async () => (await import('./small-files/small-files.js')).smallFiles,
  hostile: async () => (await import('./hostile/hostile.js')).hostile,
  abuse: async () => (await import('./abuse/abuse.js')).abuse,
  swarm: async () => (await import('./swarm/swarm.js')).swarm,
  core: async () => (await import('./core/core.js')).core,
  startup: async () => (await import('./startup/startup.js')).startup,
};

function renderFlags(specs: FlagSpecs): string {
  const rows = Object.entries(specs).map(([name, { help, fallback }]) => {
    const preset = fallback === undefined || fallback === '' ? '' : ` (${fallback})`;
    return `  --${name.padEnd(12)} ${help}${preset}`;
  });
  return rows.join('\n');
}

async function renderUsage(): Promise<string> {
  const pages = Object.entries(SCENARIOS).map(async ([name, load]) => {
    const { summary, flags } = await load();
    return [`${name}: ${summary}`, renderFlags(flags)].filter(Boolean).join('\n');
  });
  return [
    'npm run bench -- SCENARIO [FLAGS]',
    ...(await Promise.all(pages)),
    `every scenario:\n${renderFlags(COMMON_FLAGS)}`,
  ].join('\n\n');
}

function findScenario(name: string | undefined): () => Promise<Scenario> {
  const names = Object.keys(SCENARIOS).join(', ');
  if (name === undefined) throw new UsageError(`name a scenario; there are ${names}`);
  const load = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
  if (load === undefined)
    throw new UsageError(`no scenario ${JSON.stringify(name)}; there are ${names}`);
  return load;
}

async function main(args: readonly string[], signal: AbortSignal): Promise<void> {
  const [name = '', ...rest] = args;
  const load = findScenario(args[0]);
  if (!existsSync(TIME_PROGRAM)) throw new UsageError(`${TIME_PROGRAM} (GNU time) is missing`);
  const scenario = await load();
  const flags = FlagValues.parse(rest, { ...COMMON_FLAGS, ...scenario.flags });
  const bench = await BenchRun.open({ scenario: name, flags, signal });
  try {
    await scenario.run(bench);
  } finally {
    bench.say(`\n${await bench.writeResult()}`);
  }
}

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    stopping.abort(new Error(`stopped by ${name}`));
    process.once(name, () => process.exit(1));
  });
}
try {
  await main(process.argv.slice(2), stopping.signal);
} catch (error) {
  const isUsage = error instanceof UsageError;
  process.stderr.write(`bench: ${isUsage ? error.message : String((error as Error).stack)}\n`);
  if (isUsage) process.stderr.write(`\n${await renderUsage()}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
