import { existsSync } from 'node:fs';
import { shoal, ShoalSwarm } from '../distributors/shoal.js';
import { WEBTORRENT_CLI, WEBTORRENT_CLI_ABSENCE } from '../distributors/webtorrent.js';
import type { BenchRun } from '../harness/bench-run.js';
import type { Contender } from '../harness/contender.js';
import { interleave } from '../harness/interleave.js';
import type { ProgramOptions } from '../harness/measured-program.js';
import type { Scenario } from '../harness/scenario.js';
import type { Stage } from '../harness/stage.js';
import { loopbackPlace } from '../transfer/loopback.js';

const REFERENCE = 'bare Node, -e 0';

type Invocation = Pick<ProgramOptions, 'title' | 'command'>;

export const startup: Scenario = {
  summary: 'the shortest commands, from their start to their exit, beside an empty program',
  flags: {
    runs: { fallback: '20', help: 'how often each contender runs' },
    'warm-ups': { fallback: '3', help: 'runs before that, which do not count' },
  },
  async run(bench) {
    await using stage = await bench.openStage();
    const swarm = await ShoalSwarm.open(stage, await loopbackPlace(stage, shoal, 'tracker'), '');
    const place = await loopbackPlace(stage, shoal, 'asker');
    const contenders = [
      starting(stage, { title: REFERENCE, command: [process.execPath, '-e', '0'] }),
      starting(stage, swarm.version()),
      starting(stage, swarm.list(place)),
      starting(
        stage,
        { title: 'webtorrent --version', command: [process.execPath, WEBTORRENT_CLI, '--version'] },
        existsSync(WEBTORRENT_CLI) ? undefined : WEBTORRENT_CLI_ABSENCE,
      ),
    ];
    await warmUp(bench, contenders);
    const outcomes = await interleave(bench, contenders);
    await swarm.tracker.stop();
    bench.conclude('from the start to the exit', outcomes, REFERENCE);
  },
};

function starting(stage: Stage, invocation: Invocation, absence?: string): Contender {
  return {
    name: invocation.title,
    absence: () => Promise.resolve(absence),
    run: () => stage.start(invocation).succeeded(),
  };
}

/** So that files are in the page cache, and what a program keeps for its later runs is there. */
async function warmUp(bench: BenchRun, contenders: readonly Contender[]): Promise<void> {
  await using lock = await bench.takeMachine();
  for (let round = 0; round < bench.flags.count('warm-ups'); round += 1) {
    for (const contender of contenders) {
      if ((await contender.absence()) === undefined) await contender.run(round);
    }
  }
  await lock.close();
}
