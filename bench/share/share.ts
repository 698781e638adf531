import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { writeFile } from 'node:fs/promises';
import { findLibtorrentPython, LIBTORRENT_ABSENCE } from '../distributors/libtorrent.js';
import { shoal } from '../distributors/shoal.js';
import type { BenchRun } from '../harness/bench-run.js';
import { hasProgram } from '../harness/command.js';
import type { Contender, Sample } from '../harness/contender.js';
import { interleave } from '../harness/interleave.js';
import { touchMemory } from '../harness/memory-touch.js';
import { writeRandomFile } from '../harness/random-file.js';
import type { Scenario } from '../harness/scenario.js';
import type { Stage } from '../harness/stage.js';
import { warmFile } from '../harness/warm-file.js';
import { loopbackPlace } from '../transfer/loopback.js';

const METAINFO_SCRIPT = fileURLToPath(
  new URL('../../../bench/share/libtorrent-metainfo.py', import.meta.url),
);
/** What the programs take for themselves. */
const PROGRAM_BYTES = 512 * 1024 * 1024;

export const share: Scenario = {
  summary: 'a file in the page cache until it is offered: read, hashed, registered',
  flags: { size: { fallback: '4GiB', help: 'length of the file' } },
  async run(bench) {
    await using stage = await bench.openStage();
    const filePath = stage.path('data.bin');
    const tinyPath = stage.path('tiny.bin');
    await writeRandomFile(filePath, bench.flags.bytes('size'), { signal: bench.signal });
    await writeFile(tinyPath, 'x');
    const contenders: Contender[] = [
      sharing(bench, 'shoal', filePath),
      sharing(bench, 'shoal, 1 byte', tinyPath),
      commanding(bench, filePath, 'sha256sum', async () => {
        return (await hasProgram('sha256sum')) ? ['sha256sum', filePath] : 'no sha256sum';
      }),
      commanding(bench, filePath, 'libtorrent', async () => {
        const python = await findLibtorrentPython();
        return python === undefined ? LIBTORRENT_ABSENCE : [python, METAINFO_SCRIPT, filePath];
      }),
    ];
    const outcomes = await interleave(bench, contenders);
    bench.conclude(`${bench.flags.text('size')}, warm`, outcomes, 'sha256sum');
  },
};

/** `peer share` until it says that it is ready. */
function sharing(bench: BenchRun, name: string, filePath: string): Contender {
  return {
    name,
    absence: () => shoal.absence(),
    run: () =>
      warmed(bench, filePath, async (stage) => {
        const placeOf = (title: string) => loopbackPlace(stage, shoal, title);
        const distribution = await shoal.open(stage, await placeOf('tracker'), filePath);
        const source = await distribution.offer(await placeOf('source'));
        const seconds = (performance.now() - source.startedMs) / 1_000;
        const { cpuSeconds, peakBytes } = await source.stop();
        await distribution.tracker?.stop();
        return { seconds, cpuSeconds, peakBytes };
      }),
  };
}

/** A command from its start to its exit; text in its place says why there is none. */
function commanding(
  bench: BenchRun,
  filePath: string,
  name: string,
  find: () => Promise<string | readonly string[]>,
): Contender {
  return {
    name,
    async absence() {
      const found = await find();
      return typeof found === 'string' ? found : undefined;
    },
    run: () =>
      warmed(bench, filePath, async (stage) => {
        const command = await find();
        if (typeof command === 'string') throw new Error(command);
        return stage.start({ title: name, command }).succeeded();
      }),
  };
}

async function warmed(
  bench: BenchRun,
  filePath: string,
  run: (stage: Stage) => Promise<Sample>,
): Promise<Sample> {
  await using stage = await bench.openStage();
  await touchMemory(PROGRAM_BYTES, { signal: bench.signal });
  await warmFile(filePath);
  return await run(stage);
}
