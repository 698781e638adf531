import type { Distributor } from '../distributors/distributor.js';
import { RIVAL_NAMES, rivalsOf } from '../distributors/known.js';
import { nginx } from '../distributors/nginx.js';
import { shoal, shoalTls } from '../distributors/shoal.js';
import type { BenchRun } from '../harness/bench-run.js';
import { runCommand } from '../harness/command.js';
import type { Contender, Sample } from '../harness/contender.js';
import { interleave } from '../harness/interleave.js';
import type { ProgramEnd } from '../harness/measured-program.js';
import { touchMemory } from '../harness/memory-touch.js';
import { writeRandomFile } from '../harness/random-file.js';
import type { Scenario } from '../harness/scenario.js';
import type { Stage } from '../harness/stage.js';
import { warmFile } from '../harness/warm-file.js';
import { loopbackPlace } from './loopback.js';

const GIB = 1024 ** 3;
/** Beside the copy: the programs' own memory. */
const PROGRAM_BYTES = 512 * 1024 * 1024;

export const transfer: Scenario = {
  summary: 'one file from one source or several to one downloader, loopback, onto disk',
  flags: {
    size: { fallback: '1GiB', help: 'length of the file' },
    sources: { fallback: '1', help: 'how many offer it (nginx: always one)' },
    rivals: { fallback: RIVAL_NAMES.join(','), help: 'programs to compare with, beside nginx' },
  },
  async run(bench) {
    const fileBytes = bench.flags.bytes('size');
    const sourceCount = bench.flags.count('sources');
    const rivals = rivalsOf(bench.flags.list('rivals'));
    await using stage = await bench.openStage();
    const filePath = stage.path('data.bin');
    await writeRandomFile(filePath, fileBytes, { signal: bench.signal });
    const contenders = [nginx, shoal, shoalTls, ...rivals].map((distributor) => {
      return new TransferContender({ bench, distributor, filePath, fileBytes, sourceCount });
    });
    const outcomes = await interleave(bench, contenders);
    const sources = sourceCount === 1 ? 'one source' : `${sourceCount} sources`;
    bench.conclude(`${bench.flags.text('size')}, ${sources}`, outcomes, nginx.name);
  },
};

interface TransferOptions {
  readonly bench: BenchRun;
  readonly distributor: Distributor;
  readonly filePath: string;
  readonly fileBytes: number;
  readonly sourceCount: number;
}

class TransferContender implements Contender {
  constructor(private readonly options: TransferOptions) {}

  get name(): string {
    return this.options.distributor.name;
  }

  absence(): Promise<string | undefined> {
    return this.options.distributor.absence();
  }

  async run(): Promise<Sample> {
    const { bench, filePath, fileBytes } = this.options;
    await using stage = await bench.openStage();
    // Nobody pays for what an earlier run has left unwritten, or for what was never read.
    await runCommand(['sync', '--file-system', stage.folder]);
    await warmFile(filePath);
    const { fetch, copyPath, others } = await this.transferOnce(stage);
    await runCommand(['cmp', filePath, copyPath]);
    const cpuSeconds = [fetch, ...others].reduce((total, end) => total + end.cpuSeconds, 0);
    return {
      seconds: fetch.seconds,
      cpuSeconds,
      peakBytes: Math.max(...[fetch, ...others].map(({ peakBytes }) => peakBytes)),
      extra: { 'CPU s/GiB': cpuSeconds / (fileBytes / GIB) },
    };
  }

  /** From starting the download's command to its exit. What the sources have used before that, to
   *  start and to read the file, does not count. */
  private async transferOnce(
    stage: Stage,
  ): Promise<{ fetch: ProgramEnd; copyPath: string; others: ProgramEnd[] }> {
    const { bench, distributor, filePath, fileBytes, sourceCount } = this.options;
    const placeOf = (title: string) => loopbackPlace(stage, distributor, title);
    const distribution = await distributor.open(stage, await placeOf('tracker'), filePath);
    const count = distribution.tracker === undefined ? 1 : sourceCount;
    const sources = [];
    for (let index = 0; index < count; index++) {
      const place = await placeOf(`source-${index + 1}`);
      await distribution.prepare?.(place);
      sources.push(await distribution.offer(place));
    }
    const place = await placeOf('downloader');
    await distribution.prepare?.(place);
    // At the last moment: within seconds the host has back what is free.
    await touchMemory(fileBytes + PROGRAM_BYTES, { signal: bench.signal });
    const usedBefore = sources.map((source) => source.cpuSecondsSoFar());
    const { program, path } = await distribution.fetch(place, 'leave');
    const fetch = await program.succeeded();
    const ends = await Promise.all(sources.map((source) => source.stop()));
    await distribution.tracker?.stop();
    const others = ends.map((end, index) => {
      return { ...end, cpuSeconds: end.cpuSeconds - usedBefore[index]! };
    });
    return { fetch, copyPath: path, others };
  }
}
