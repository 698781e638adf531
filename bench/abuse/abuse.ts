import type { BenchRun } from '../harness/bench-run.js';
import type { Scenario } from '../harness/scenario.js';
import { renderTable } from '../harness/table.js';
import { ABUSE_KINDS } from './abuse-kinds.js';
import { PeerContest } from './peer-contest.js';
import { renderRateRows, type RateRow } from './rate-rows.js';
import { TrackerContest } from './tracker-contest.js';

const ALONE = 'nobody else';

/** A port with somebody who uses it well. */
export interface AbuseContest extends AsyncDisposable {
  readonly title: string;
  /** The rate that the well-behaved get, alone when there is no kind. */
  measure(kind: string | undefined): Promise<number>;
}

export const abuse: Scenario = {
  summary: 'what well-behaved callers and peers get while others abuse the same port',
  flags: {
    runs: { fallback: '3', help: 'how often each kind runs' },
    ports: { fallback: 'tracker,peer,secured-peer', help: 'which ports are abused' },
    kinds: { fallback: '', help: 'kinds of abuse, separated by commas; all when empty' },
    time: { fallback: '3s', help: 'how long the callers of the tracker are measured' },
    size: { fallback: '256MiB', help: 'what the peer downloads' },
  },
  async run(bench) {
    const ports = bench.flags.list('ports');
    if (ports.includes('tracker')) {
      await using contest = await TrackerContest.open(bench);
      await race(bench, contest, Object.keys(ABUSE_KINDS.tracker));
    }
    for (const port of ['peer', 'secured-peer'] as const) {
      if (!ports.includes(port)) continue;
      await using contest = await PeerContest.open(bench, port);
      await race(bench, contest, Object.keys(ABUSE_KINDS[port]));
    }
  },
};

/** Every kind once in each round, so that whatever slows the machine meets all of them. */
async function race(bench: BenchRun, contest: AbuseContest, known: readonly string[]) {
  const wanted = bench.flags.list('kinds');
  const kinds = known.filter((kind) => wanted.length === 0 || wanted.includes(kind));
  const rows = [undefined, ...kinds].map((kind): { kind: string | undefined; row: RateRow } => {
    return { kind, row: { title: kind ?? ALONE, rates: [] } };
  });
  await using lock = await bench.takeMachine();
  for (let round = 1; round <= bench.runCount; round += 1) {
    for (const { kind, row } of rows) {
      bench.signal.throwIfAborted();
      row.rates.push(await measured(bench, contest, { kind, round }));
    }
  }
  await lock.close();
  const results = rows.map(({ row }) => row);
  bench.figure(contest.title, results);
  bench.say('');
  const header = [contest.title, 'median', 'min', 'max', 'ratio', 'runs'];
  bench.say(renderTable(header, renderRateRows(results)));
  bench.say('');
}

async function measured(
  bench: BenchRun,
  contest: AbuseContest,
  { kind, round }: { kind: string | undefined; round: number },
): Promise<number | undefined> {
  const name = `run ${round}  ${kind ?? ALONE}`;
  try {
    const rate = await contest.measure(kind);
    bench.say(`  ${name}: ${rate.toFixed(rate < 100 ? 1 : 0)}`);
    return rate;
  } catch (error) {
    bench.signal.throwIfAborted();
    bench.note(`${name} failed: ${(error as Error).message}`);
    return undefined;
  }
}
