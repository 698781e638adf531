// The main job on this machine, with the real programs: one tracker, one seeder, one file, and
// several downloads at once that serve each other. Ends with exit code 0 when all copies are right.
import { readFile, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { clearInterval, clearTimeout, setInterval, setTimeout } from 'node:timers';
import Sqlite from 'better-sqlite3';
import { identityOfKey } from '#identity';
import { sha256Of, writeRandomFile } from './random-file.mjs';
import * as screen from './screen.mjs';
import { Stage } from './stage.mjs';

const MIB = 1024 * 1024;
const NAME = 'release.img';
const FILE_BYTES = 256 * MIB + 4_099;
const SMALL_FILE_BYTES = 32 * MIB + 4_099;
const PEER_COUNT = 4;
const SEEDER_MIB_PER_SECOND = 48;
const TIMEOUT_MS = 120_000;
const PAINT_INTERVAL_MS = 100;

const OWNERSHIP_SQL = `
  SELECT substr(peer_id, 1, 8) AS peer, chunks_held, chunk_count, complete
  FROM v_ownership WHERE name = '${NAME}' ORDER BY chunks_held DESC`;
const AVAILABILITY_SQL = `
  SELECT MIN(copies) AS rarest, ROUND(AVG(copies), 1) AS average, MAX(copies) AS most
  FROM v_availability`;
const FILES_SQL = `
  SELECT name, size_bytes, chunk_count, seeders, leechers FROM v_files`;

const stopping = new AbortController();
const { signal } = stopping;

/** What is awaited, or why the demo ends before that. */
function orStopped(promise) {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

async function startTracker(stage) {
  screen.step(1, 'A tracker: it knows who has what, and keeps it in a database');
  const data = await stage.makeFolder('tracker');
  const args = ['start', '--port', '0', '--http-port', '0', '--data', data];
  screen.command('tracker start --port 0 --http-port 0 --data tracker');
  const program = stage.start('the tracker', 'tracker', args);
  const ready = await orStopped(program.line(/^ready /));
  screen.indented(ready);
  return { program, database: join(data, 'tracker.db') };
}

/** Each is an identity of its own. No tracker is configured: this user's is found, and trusted by
 *  its key. */
async function makePeer(stage, title) {
  const folder = await stage.makeFolder(title.replace(' ', '-'));
  return { title, folder, env: { SHOAL_HOME: join(folder, 'home') } };
}

async function share(stage) {
  const seeder = await makePeer(stage, 'seeder');
  const fileBytes = await fittingBytes();
  screen.step(2, `A file of ${fileBytes} random bytes, and one peer that shares it`);
  const sha256 = await writeRandomFile(join(seeder.folder, NAME), fileBytes, { signal });
  const up = `${SEEDER_MIB_PER_SECOND}MiB/s`;
  screen.command(`peer share ${NAME} --up ${up}`);
  const start = performance.now();
  const args = ['share', NAME, '--up', up];
  const program = stage.start('the seeder', 'peer', args, { env: seeder.env, cwd: seeder.folder });
  program.onLine((stream, line) => stream === 'stdout' && screen.indented(line));
  await orStopped(program.line(/^ready /));
  screen.indented(`hashed and registered in ${screen.seconds(performance.now() - start)}`);
  return { ...seeder, program, fileBytes, sha256 };
}

/** Room for the file and its copies, in whatever the temporary folder is. */
async function fittingBytes() {
  const { bavail, bsize } = await statfs(tmpdir());
  return bavail * bsize > (PEER_COUNT + 2) * FILE_BYTES ? FILE_BYTES : SMALL_FILE_BYTES;
}

/** Starts one download; `state` follows its progress, `data` resolves with its report. */
function startDownload(stage, peer, fileBytes) {
  const state = { title: peer.title, bytesDone: 0, bytesTotal: fileBytes };
  Object.assign(state, { bytesPerSecond: 0, sources: 0 });
  const args = ['download', NAME, '--seed', 'forever', '--json', '--progress', 'json'];
  const program = stage.start(peer.title, 'peer', args, { env: peer.env, cwd: peer.folder });
  program.onLine((stream, line) => {
    if (stream !== 'stderr' || !line.startsWith('{"event":"progress"')) return;
    Object.assign(state, JSON.parse(line));
  });
  const report = program.line(/^\{/).then((line) => {
    state.bytesDone = fileBytes;
    return JSON.parse(line).data.files[0];
  });
  return { ...peer, program, state, report };
}

async function downloadAll(stage, tracker, seeder) {
  screen.step(3, `${PEER_COUNT} peers download it at once, and serve each other what they have`);
  screen.command(`peer download ${NAME} --seed forever`);
  const peers = [];
  for (let number = 1; number <= PEER_COUNT; number += 1) {
    peers.push(await makePeer(stage, `peer ${number}`));
  }
  const startMs = performance.now();
  const downloads = peers.map((peer) => startDownload(stage, peer, seeder.fileBytes));
  const states = downloads.map(({ state }) => state);
  const board = new screen.ProgressBoard();
  let midway;
  const timer = setInterval(() => {
    board.show(states, performance.now() - startMs);
    const isMidway = states.every(({ bytesDone }) => bytesDone > seeder.fileBytes / 3);
    if (isMidway) midway ??= query(tracker, [OWNERSHIP_SQL, AVAILABILITY_SQL]);
  }, PAINT_INTERVAL_MS);
  try {
    const reports = await orStopped(Promise.all(downloads.map(({ report }) => report)));
    const elapsedMs = performance.now() - startMs;
    board.finish(states, elapsedMs);
    return { downloads, reports, elapsedMs, midway: midway ?? [] };
  } finally {
    clearInterval(timer);
  }
}

/** What a plain database shell says while the tracker runs: it reads, and is in nobody's way. */
function query(tracker, statements) {
  const database = new Sqlite(tracker.database, { readonly: true });
  try {
    return statements.map((sql) => ({ sql, rows: database.prepare(sql).all() }));
  } finally {
    database.close();
  }
}

function showQueries(results) {
  for (const { sql, rows } of results) {
    screen.command(`sqlite3 tracker.db "${sql}"`);
    screen.indented(screen.resultTable(rows));
  }
}

async function showSources(seeder, { downloads, reports, elapsedMs }) {
  screen.step(4, 'Who got how much from whom, in MiB');
  const everyone = [seeder, ...downloads];
  const identities = await Promise.all(
    everyone.map(async ({ env }) =>
      identityOfKey(await readFile(join(env.SHOAL_HOME, 'identity.key'), 'utf8')),
    ),
  );
  const amounts = reports.map(({ bytesFromPeers }) =>
    identities.map((identity) =>
      Object.entries(bytesFromPeers)
        .filter(([peerId]) => peerId.startsWith(identity))
        .reduce((sum, [, bytes]) => sum + bytes, 0),
    ),
  );
  const cell = (bytes) => (bytes === 0 ? '-' : (bytes / MIB).toFixed(1));
  const header = ['', ...everyone.map(({ title }) => `from ${title}`)];
  const rows = amounts.map((row, index) => [downloads[index].title, ...row.map(cell)]);
  const totals = everyone.map((_, source) => amounts.reduce((sum, row) => sum + row[source], 0));
  screen.indented(screen.table([header, ...rows, ['sent', ...totals.map(cell)]]));

  const { fileBytes } = seeder;
  const aloneMs = (PEER_COUNT * fileBytes * 1_000) / (SEEDER_MIB_PER_SECOND * MIB);
  const copies = (totals[0] / fileBytes).toFixed(2);
  const inAll = `${PEER_COUNT} x ${screen.mib(fileBytes, 0)}`;
  screen.say();
  screen.indented(
    `${inAll} arrived in ${screen.seconds(elapsedMs)}. The seeder, held to ` +
      `${SEEDER_MIB_PER_SECOND} MiB/s, sent ${copies} copies;\n` +
      `alone it would have needed at least ${screen.seconds(aloneMs)}.`,
  );
}

async function verify(stage, seeder, downloads) {
  screen.step(5, 'Are the copies right? Chunk by chunk, and by a hash that Shoal does not use');
  screen.command(`peer verify ${NAME}`);
  const checks = downloads.map(async ({ title, env, folder }) => {
    const program = stage.start(title, 'peer', ['verify', NAME], { env, cwd: folder });
    const line = await orStopped(program.line(/match/));
    await orStopped(program.succeeded());
    return `${title}: ${line.slice(line.indexOf(`${NAME} is`))}`;
  });
  for (const line of await Promise.all(checks)) screen.indented(line);
  screen.command(`sha256sum ${NAME}`);
  screen.indented(`seeder: ${seeder.sha256}`);
  for (const { title, folder } of downloads) {
    const sha256 = await sha256Of(join(folder, NAME), { signal });
    screen.indented(`${title}: ${sha256}`);
    if (sha256 !== seeder.sha256) throw new Error(`${title} has a copy that differs`);
  }
}

async function askLikeAnOperator(stage, tracker, seeder, midway) {
  screen.step(6, 'What an operator sees: half-way, from a plain database shell, and now');
  showQueries([...midway, ...query(tracker, [FILES_SQL])]);
  screen.command(`peer status ${NAME}`);
  const program = stage.start('peer status', 'peer', ['status', NAME], { env: seeder.env });
  program.onLine((stream, line) => stream === 'stdout' && screen.indented(line));
  await orStopped(program.succeeded());
}

async function stopAll(stage, programs) {
  screen.step(7, 'Everybody stops');
  for (const program of programs) {
    const end = await orStopped(stage.stop(program));
    if (end !== 0) throw new Error(`${program.title} ended with ${end} when asked to stop`);
  }
  screen.indented(`${programs.length} programs ended with exit code 0`);
}

async function demo(stage) {
  const startMs = performance.now();
  screen.say(screen.bold('Shoal: one file to many machines, here all on this one'));
  const tracker = await startTracker(stage);
  const seeder = await share(stage);
  const outcome = await downloadAll(stage, tracker, seeder);
  const { downloads, midway } = outcome;
  await showSources(seeder, outcome);
  await verify(stage, seeder, downloads);
  await askLikeAnOperator(stage, tracker, seeder, midway);
  const peers = downloads.map(({ program }) => program);
  await stopAll(stage, [...peers, seeder.program, tracker.program]);
  const total = screen.seconds(performance.now() - startMs);
  screen.say(screen.green(`\nAll ${PEER_COUNT} copies are identical. ${total} in all.`));
}

async function main() {
  const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
  for (const [name, exitCode] of Object.entries(exitCodes)) {
    process.on(name, () => {
      if (signal.aborted) process.exit(exitCode);
      process.exitCode = exitCode;
      stopping.abort(new Error(`stopped by ${name}`));
    });
  }
  // Nobody reads on, as with `| head`: the stage is cleared when the process exits.
  process.stdout.on('error', () => process.exit(1));
  const timer = setTimeout(() => stopping.abort(new Error('it took too long')), TIMEOUT_MS);
  const stage = await Stage.open();
  try {
    await demo(stage);
  } catch (error) {
    process.exitCode ??= 1;
    process.stderr.write(`\ndemo: ${error.message}\n`);
  } finally {
    clearTimeout(timer);
    await stage.close();
  }
}

await main();
