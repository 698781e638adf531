import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MeasuredProgram } from '../harness/measured-program.js';
import type { Stage } from '../harness/stage.js';
import type { Distribution, Distributor, Fetch, Place } from './distributor.js';

const binOf = (app: string) =>
  fileURLToPath(new URL(`../../../apps/${app}/bin/${app}.js`, import.meta.url));
const NAME = 'data.bin';

/** `open`: plain connections; `secured`: as it is by default, encrypted between members. */
type Access = 'open' | 'secured';

const shoalWith = (name: string, access: Access): Distributor => ({
  name,
  absence: () => Promise.resolve(undefined),
  open: (stage, place, filePath) => ShoalSwarm.open(stage, place, filePath, access),
});

/** The programs of this checkout, without encryption: what rivals without it are compared with. */
export const shoal = shoalWith('shoal', 'open');

/** The same, encrypted. */
export const shoalTls = shoalWith('shoal-tls', 'secured');

/** A tracker and whoever uses it. */
export class ShoalSwarm implements Distribution {
  private constructor(
    private readonly stage: Stage,
    private readonly filePath: string,
    readonly tracker: MeasuredProgram,
    /** `HOST:PORT` */
    readonly trackerAddress: string,
    /** `shoal://…` of a network that is secured. */
    private readonly invite: string | undefined,
  ) {}

  static async open(
    stage: Stage,
    place: Place,
    filePath: string,
    access: Access = 'open',
  ): Promise<ShoalSwarm> {
    const flags = ['--host', place.address, '--port', '0', '--http-port', '0'];
    const data = ['--data', join(place.folder, 'tracker'), ...insecurity(access)];
    const tracker = startShoal(stage, place, 'tracker', ['start', ...flags, ...data]);
    const { line } = await tracker.line(/^ready /);
    const [, address = ''] = /peers=(\S+)/.exec(line) ?? [];
    const [, invite] = /invite=(\S+)/.exec(line) ?? [];
    return new ShoalSwarm(stage, filePath, tracker, address, invite);
  }

  /** Joins, as one does once on each machine. */
  async prepare(place: Place): Promise<void> {
    if (this.invite === undefined) return;
    const args = ['join', this.invite, '--home', homeOf(place), '--json'];
    await startShoal(this.stage, place, 'peer', args).succeeded();
  }

  private get isFolder(): boolean {
    return statSync(this.filePath).isDirectory();
  }

  /** `maxUp`: what it sends at most, as `--up` takes it. */
  async offer(place: Place, limits: { maxUp?: string } = {}): Promise<MeasuredProgram> {
    return (await this.offerReady(place, limits)).program;
  }

  /** As {@link offer}, with the line in which it says where it listens and what it shares. */
  async offerReady(
    place: Place,
    { maxUp }: { maxUp?: string } = {},
  ): Promise<{ program: MeasuredProgram; ready: string }> {
    const naming = this.isFolder ? [] : ['--name', NAME];
    const limit = maxUp === undefined ? [] : ['--up', maxUp];
    const args = ['share', this.filePath, ...naming, ...limit, ...this.flags(place)];
    const program = startShoal(this.stage, place, 'peer', args);
    const { line: ready } = await program.line(/"event":"ready"/);
    return { program, ready };
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

  private askingFlags(place: Place): string[] {
    const home = ['--home', homeOf(place), '--json'];
    if (this.invite !== undefined) return home;
    return ['--tracker', this.trackerAddress, ...insecurity('open'), ...home];
  }
}

function homeOf({ folder }: Place): string {
  return join(folder, 'home');
}

function insecurity(access: Access): string[] {
  return access === 'open' ? ['--insecure'] : [];
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
  // A user of the place's own: what a tracker leaves for its user stays there.
  const env = { XDG_DATA_HOME: join(folder, 'user') };
  return stage.start({ title: `${app} at ${title}`, command, prefix, cwd: folder, env, ...log });
}
