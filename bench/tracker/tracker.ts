import { performance } from 'node:perf_hooks';
import { plainPath, type TrackerPath } from '../../apps/peer/src/net/tracker-path.js';
import type { BenchRun } from '../harness/bench-run.js';
import type { Scenario } from '../harness/scenario.js';
import { renderTable } from '../harness/table.js';
import { AnnounceRequests } from './announce-requests.js';
import { LOAD_HEADER, renderRow, toSample, type LoadRow } from './load-row.js';
import { LOAD_CORE, pinLoad, SERVER_CORE, type PinnedServer } from './pinned-server.js';
import { populate, type Population, type PopulationSize } from './population.js';
import { RequestLoad, type LoadProtocol } from './request-load.js';
import { startAnnounceServer, startEmptyHandler, startTracker } from './servers.js';
import { plainAccess, securedAccess, type TrackerAccess } from './tracker-access.js';
import { EXCHANGES, TrackerRequests } from './tracker-requests.js';

const MIB = 1024 * 1024;
const WARM_UP_MS = 300;
const COMPILE_MS = 1_000;
/** With `--rows`: what each peer has. */
const FILES_PER_PEER = 1_000;

/** A server, and one kind of requests for it. */
interface Contest {
  readonly row: LoadRow;
  readonly server: PinnedServer;
  readonly path: TrackerPath;
  readonly protocol: LoadProtocol;
}

export const tracker: Scenario = {
  summary: 'requests a second, latency, CPU and memory of the tracker under load',
  flags: {
    files: { fallback: '1000', help: 'files that are registered' },
    peers: { fallback: '50', help: 'peers of each file' },
    'all-peers': { fallback: '50', help: 'peers in all; each has its share of the files' },
    chunks: { fallback: '1024', help: 'chunks of each file' },
    rows: { fallback: '', help: 'so many ownership rows instead, 1,000 files for each peer' },
    connections: { fallback: '8', help: 'connections that the load comes over' },
    outstanding: { fallback: '64', help: 'requests outstanding, over all connections' },
    time: { fallback: '2s', help: 'how long each kind is measured in each run' },
    only: { fallback: '', help: 'kinds of requests, separated by commas; all when empty' },
    secured: { help: 'encrypted, and for members only' },
    rival: { fallback: '', help: 'folder where npm installed bittorrent-tracker' },
    'runtime-flags': { fallback: '', help: "Node's own flags for the tracker, by commas" },
  },
  async run(bench) {
    pinLoad();
    bench.note(`servers on core ${SERVER_CORE}, the load from core ${LOAD_CORE}`);
    await using stage = await bench.openStage();
    await using lock = await bench.takeMachine();
    await using empty = await startEmptyHandler();
    await using rival = await startAnnounceServer(bench.flags.text('rival'));
    const access = bench.flags.has('secured') ? 'secured' : 'open';
    const runtimeFlags = bench.flags.list('runtime-flags');
    await using ours = await startTracker(stage.path('data'), access, runtimeFlags);
    const way = access === 'open' ? plainAccess(ours) : await securedAccess(ours);
    const population = await load(bench, ours, way);
    const emptyLoad = TrackerRequests.only('heartbeat', population);
    const contests = [
      contest('empty Nest handler', empty, emptyLoad),
      ...(await rivalContest(bench, rival, population.size)),
      ...EXCHANGES.map((exchange) => {
        return contest(exchange, ours, TrackerRequests.only(exchange, population), way.path);
      }),
      contest('mix', ours, TrackerRequests.mix(population), way.path),
    ];
    const wanted = bench.flags.list('only');
    await race(
      bench,
      contests.filter(({ row, server }) => {
        return server !== ours || wanted.length === 0 || wanted.includes(row.title);
      }),
    );
    await lock.close();
  },
};

function sizeOf({ flags }: BenchRun): PopulationSize {
  const chunkCount = flags.count('chunks');
  const peersPerFileCount = flags.count('peers');
  if (flags.text('rows') === '') {
    const peerCount = flags.count('all-peers');
    return { fileCount: flags.count('files'), chunkCount, peerCount, peersPerFileCount };
  }
  const rowCount = flags.count('rows');
  const peerCount = Math.ceil(rowCount / FILES_PER_PEER);
  return {
    fileCount: Math.ceil(rowCount / peersPerFileCount),
    chunkCount,
    peerCount,
    peersPerFileCount,
  };
}

async function load(
  bench: BenchRun,
  server: PinnedServer,
  way: TrackerAccess,
): Promise<Population> {
  const size = sizeOf(bench);
  const startedMs = performance.now();
  const population = await populate(way, size, { signal: bench.signal });
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const rowCount = size.fileCount * size.peersPerFileCount;
  const { peakBytes, residentBytes } = server;
  const mib = (bytes: number) => `${(bytes / MIB).toFixed(0)} MiB`;
  const memory = `${mib(residentBytes)} resident, peak ${mib(peakBytes)}`;
  bench.note(`${rowCount} ownership rows loaded in ${seconds} s, ${memory}`);
  bench.figure('population', { ...size, rowCount, peakBytes, residentBytes });
  return population;
}

function contest(
  title: string,
  server: PinnedServer,
  protocol: LoadProtocol,
  path: TrackerPath = plainPath([server.endpoint]),
): Contest {
  return { row: { title, samples: [], peakBytes: 0, residentBytes: 0 }, server, path, protocol };
}

/** With every peer in every swarm, as ours has. */
async function rivalContest(
  bench: BenchRun,
  server: PinnedServer | undefined,
  size: PopulationSize,
): Promise<Contest[]> {
  if (server === undefined) {
    bench.note('bittorrent-tracker is absent: --rival names no folder where it is installed');
    return [];
  }
  const requests = new AnnounceRequests(size);
  const rival = contest('bittorrent-tracker announce', server, requests);
  while (requests.sentCount < requests.populationCount) await runOnce(bench, rival, 1_000);
  return [rival];
}

/** Every kind once in each round, so that whatever slows the machine meets all of them. Before that
 *  all of them once for nothing: the code of a server that has just started is not compiled yet. */
async function race(bench: BenchRun, contests: readonly Contest[]): Promise<void> {
  for (const entry of contests) await runOnce(bench, entry, COMPILE_MS);
  for (let round = 1; round <= bench.runCount; round += 1) {
    for (const entry of contests) {
      bench.signal.throwIfAborted();
      const sample = await runOnce(bench, entry, bench.flags.durationMs('time'));
      entry.row.samples.push(sample);
      entry.row.peakBytes = entry.server.peakBytes;
      entry.row.residentBytes = entry.server.residentBytes;
      bench.say(`  run ${round}  ${entry.row.title}: ${sample.perSecond.toFixed(0)}/s`);
    }
  }
  const rows = contests.map(({ row }) => row);
  bench.figure('rows', rows);
  bench.say('');
  bench.say(
    renderTable(
      LOAD_HEADER,
      rows.map((row) => renderRow(row, rows[0]!)),
    ),
  );
}

async function runOnce(bench: BenchRun, contest: Contest, measureMs: number) {
  const { server, path, protocol } = contest;
  await using requests = await RequestLoad.connect(path, {
    connectionCount: bench.flags.count('connections'),
    outstandingCount: bench.flags.count('outstanding'),
  });
  const cpuMarks: number[] = [];
  const times = { warmUpMs: WARM_UP_MS, measureMs };
  const result = await requests.run(protocol, times, () => cpuMarks.push(server.cpuSeconds));
  return toSample(result, cpuMarks[1]! - cpuMarks[0]!);
}
