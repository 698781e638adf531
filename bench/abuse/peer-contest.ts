import { rm } from 'node:fs/promises';
import { parseEndpoint } from '#protocol';
import { ShoalSwarm, shoal } from '../distributors/shoal.js';
import type { BenchRun } from '../harness/bench-run.js';
import { runCommand } from '../harness/command.js';
import { writeRandomFile } from '../harness/random-file.js';
import type { Stage } from '../harness/stage.js';
import { warmFile } from '../harness/warm-file.js';
import { loopbackPlace } from '../transfer/loopback.js';
import type { AbuseContest } from './abuse.js';
import type { AbuseTarget } from './abuse-kind.js';
import { Abusers } from './abusers.js';

const MIB = 1024 * 1024;

interface SharedFile {
  readonly listen: string;
  readonly files: readonly { readonly digest: string; readonly chunkCount: number }[];
}

/** One peer that shares a file, and one that downloads it. */
export class PeerContest implements AbuseContest {
  private constructor(
    private readonly bench: BenchRun,
    private readonly port: 'peer' | 'secured-peer',
    private readonly stage: Stage,
    private readonly filePath: string,
  ) {}

  get title(): string {
    return `${this.port} port, MiB/s`;
  }

  static async open(bench: BenchRun, port: 'peer' | 'secured-peer'): Promise<PeerContest> {
    const stage = await bench.openStage();
    const filePath = stage.path('data.bin');
    const sizeBytes = bench.flags.bytes('size');
    await writeRandomFile(filePath, sizeBytes, { signal: bench.signal });
    return new PeerContest(bench, port, stage, filePath);
  }

  async measure(kind: string | undefined): Promise<number> {
    const { bench, filePath, port } = this;
    await using stage = await bench.openStage();
    await runCommand(['sync', '--file-system', stage.folder]);
    await warmFile(filePath);
    const placeOf = (title: string) => loopbackPlace(stage, shoal, title);
    const access = port === 'peer' ? 'open' : 'secured';
    const swarm = await ShoalSwarm.open(stage, await placeOf('tracker'), filePath, access);
    const [seederPlace, downloaderPlace] = [await placeOf('seeder'), await placeOf('downloader')];
    for (const place of [seederPlace, downloaderPlace]) await swarm.prepare(place);
    const { program: seeder, ready } = await swarm.offerReady(seederPlace);
    const abusers =
      kind === undefined ? undefined : await Abusers.start(port, kind, targetOf(ready));
    try {
      const { program, path } = await swarm.fetch(downloaderPlace, 'leave');
      const { seconds } = await program.succeeded();
      await runCommand(['cmp', filePath, path]);
      await rm(path);
      return bench.flags.bytes('size') / MIB / seconds;
    } finally {
      await abusers?.[Symbol.asyncDispose]();
      await seeder.stop();
      await swarm.tracker.stop();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stage.close();
  }
}

function targetOf(readyLine: string): AbuseTarget {
  const { listen, files } = JSON.parse(readyLine) as SharedFile;
  return { endpoint: parseEndpoint(listen), file: files[0] };
}
