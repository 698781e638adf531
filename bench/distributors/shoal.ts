import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MeasuredProgram } from '../harness/measured-program.js';
import type { Stage } from '../harness/stage.js';
import type { Distribution, Distributor, Fetch, Place } from './distributor.js';

const binOf = (app: string) =>
  fileURLToPath(new URL(`../../../apps/${app}/bin/${app}.js`, import.meta.url));
const NAME = 'data.bin';

/** The programs of this checkout. */
export const shoal: Distributor = {
  name: 'shoal',
  absence: () => Promise.resolve(undefined),
  open: (stage, trackerPlace, filePath) => ShoalSwarm.open(stage, trackerPlace, filePath),
};

/** A tracker and whoever uses it. */
export class ShoalSwarm implements Distribution {
  private constructor(
    private readonly stage: Stage,
    private readonly filePath: string,
    readonly tracker: MeasuredProgram,
    /** `HOST:PORT` */
    readonly trackerAddress: string,
  ) {}

  static async open(stage: Stage, place: Place, filePath: string): Promise<ShoalSwarm> {
    const flags = ['--host', place.address, '--port', '0', '--http-port', '0', '--insecure'];
    const data = ['--data', join(place.folder, 'tracker')];
    const tracker = startShoal(stage, place, 'tracker', ['start', ...flags, ...data]);
    const { line } = await tracker.line(/^ready /);
    return new ShoalSwarm(stage, filePath, tracker, /peers=(\S+)/.exec(line)![1]!);
  }

  private get isFolder(): boolean {
    return statSync(this.filePath).isDirectory();
  }

  /** `maxUp`: what it sends at most, as `--up` takes it. */
  async offer(place: Place, { maxUp }: { maxUp?: string } = {}): Promise<MeasuredProgram> {
    const naming = this.isFolder ? [] : ['--name', NAME];
    const limit = maxUp === undefined ? [] : ['--up', maxUp];
    const args = ['share', this.filePath, ...naming, ...limit, ...this.flags(place)];
    const program = startShoal(this.stage, place, 'peer', args);
    await program.line(/"event":"ready"/);
    return program;
  }

  fetch(place: Place, afterwards: 'leave' | 'stay'): Promise<Fetch> {
    const [name, output] = this.isFolder
      ? [`${basename(this.filePath)}/`, place.folder]
      : [NAME, join(place.folder, 'copy.bin')];
    const path = this.isFolder ? join(output, basename(this.filePath)) : output;
    const seed = afterwards === 'stay' ? ['--seed', 'forever'] : [];
    const progress = place.logFolder === undefined ? 'none' : 'json';
    const args = ['download', name, '-o', output, ...seed, '--progress', progress];
    const program = startShoal(this.stage, place, 'peer', [...args, ...this.flags(place)]);
    const completed = program.line(/^\{"ok":true/).then(({ atMs }) => atMs);
    completed.catch(() => undefined);
    return Promise.resolve({ program, path, completed });
  }

  /** The shortest command that there is. */
  version(): { title: string; command: string[] } {
    return { title: 'peer --version', command: [process.execPath, binOf('peer'), '--version'] };
  }

  /** The shortest command that asks the tracker. */
  list(place: Place): { title: string; command: string[] } {
    const command = [process.execPath, binOf('peer'), 'list', ...this.askingFlags(place)];
    return { title: 'peer list', command };
  }

  private flags(place: Place): string[] {
    return ['--listen', `${place.address}:0`, ...this.askingFlags(place)];
  }

  private askingFlags({ folder }: Place): string[] {
    const home = join(folder, 'home');
    return ['--tracker', this.trackerAddress, '--home', home, '--insecure', '--json'];
  }
}

function startShoal(
  stage: Stage,
  place: Place,
  app: 'peer' | 'tracker',
  args: readonly string[],
): MeasuredProgram {
  const { title, prefix, folder, logFolder } = place;
  const log = logFolder === undefined ? {} : { logPath: join(logFolder, `${title}.log`) };
  const command = [process.execPath, binOf(app), ...args];
  return stage.start({ title: `${app} at ${title}`, command, prefix, cwd: folder, ...log });
}
