import { aria2 } from '../distributors/aria2.js';
import { libtorrent } from '../distributors/libtorrent.js';
import { shoal, ShoalSwarm } from '../distributors/shoal.js';
import type { Contender, Outcome, Sample } from '../harness/contender.js';
import { interleave } from '../harness/interleave.js';
import type { ProgramOptions } from '../harness/measured-program.js';
import { writeRandomFolder } from '../harness/random-folder.js';
import type { Scenario } from '../harness/scenario.js';
import type { Stage } from '../harness/stage.js';
import { loopbackPlace } from '../transfer/loopback.js';
import { FolderContender, type FolderWork } from './folder-contender.js';

const COPY = 'cp -r';

export const smallFiles: Scenario = {
  summary: 'a folder of many small files: shared, and downloaded onto disk, loopback',
  flags: {
    count: { fallback: '10000', help: 'how many files' },
    size: { fallback: '4KiB', help: 'length of each' },
  },
  async run(bench) {
    const { flags, signal } = bench;
    // One for all runs: nothing is deleted before the end.
    await using stage = await bench.openStage();
    const folder = await stage.makeFolder('data');
    await writeRandomFolder(folder, flags.count('count'), flags.bytes('size'), { signal });
    const work: FolderWork = { bench, stage, folder };
    const folders = [shoal, libtorrent, aria2].map((rival) => new FolderContender(work, rival));
    const contenders = [
      commanding(stage, COPY, (to) => ['cp', '-r', folder, to]),
      commanding(stage, 'cp -r, then a sync', (to) => {
        return ['sh', '-c', 'cp -r "$0" "$1" && sync -f "$1"', folder, to];
      }),
      await listing(stage),
      ...folders,
    ];
    const outcomes = await interleave(bench, contenders);
    const others = outcomes.filter(({ name }) => folders.every((ours) => ours.name !== name));
    const shares = folders
      .filter(({ shares }) => shares.length > 0)
      .map(({ name, shares }): Outcome => ({ name, samples: shares }));
    const title = `${flags.text('count')} files of ${flags.text('size')}`;
    bench.conclude(`${title}: offered`, [...others, ...shares], COPY);
    bench.conclude(`${title}: downloaded`, outcomes, COPY);
  },
};

/** A command from its start to its exit; it writes to a path that is new in each run. */
function commanding(
  stage: Stage,
  name: string,
  command: (to: string) => ProgramOptions['command'],
): Contender {
  let runCount = 0;
  return {
    name,
    absence: () => Promise.resolve(undefined),
    run(): Promise<Sample> {
      runCount += 1;
      const to = stage.path(`${name.replaceAll(/\W+/g, '-')}-${runCount}`);
      return stage.start({ title: name, command: command(to) }).succeeded();
    },
  };
}

/** What the start of a command takes that asks the tracker and does nothing else. */
async function listing(stage: Stage): Promise<Contender> {
  const place = await loopbackPlace(stage, shoal, 'asker');
  const swarm = await ShoalSwarm.open(stage, place, '');
  return commanding(stage, 'shoal, start-up alone', () => swarm.list(place).command);
}
