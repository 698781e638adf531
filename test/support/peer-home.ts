import { fileURLToPath } from 'node:url';
import { ChildProgram } from './child-program.js';
import { securedEnvironment, type Environment, type RunningTracker } from './start-tracker.js';
import { TempDir } from './temp-dir.js';

export const PEER_BIN = fileURLToPath(new URL('../../apps/peer/bin/peer.js', import.meta.url));

export interface PeerRun {
  readonly exitCode: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `--json` prints of a run that succeeded. */
export interface JsonResult<Data> {
  readonly ok: true;
  readonly data: Data;
}

export interface JsonFailure {
  readonly ok: false;
  readonly error: { readonly code: string; readonly message: string; readonly exit: number };
  readonly data?: unknown;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Environment;
}

/** One identity with its home folder and a working folder; runs the real peer program. */
export class PeerHome implements AsyncDisposable {
  private readonly running = new Set<ChildProgram>();

  private constructor(
    private readonly dir: TempDir,
    private readonly env: Environment,
  ) {}

  /** With a tracker to ask: one that runs, or the text for `--tracker`. At a secured tracker it
   *  is a member as if on another machine, by its invite. */
  static async create(tracker: RunningTracker | string): Promise<PeerHome> {
    if (typeof tracker === 'string' || tracker.access === 'open') {
      const url = typeof tracker === 'string' ? tracker : tracker.url;
      return new PeerHome(await TempDir.create(), { SHOAL_TRACKER: url });
    }
    const { dir, env } = await newUser();
    return new PeerHome(dir, { ...env, SHOAL_TRACKER: tracker.invite });
  }

  /** Of a user on another machine who was told nothing, or of the user with that home folder: as
   *  encrypted as is usual. */
  static async unconfigured(userHome?: string): Promise<PeerHome> {
    const { dir, env } = await newUser();
    return new PeerHome(dir, userHome === undefined ? env : securedEnvironment(userHome));
  }

  get home(): string {
    return this.dir.file('home');
  }

  /** A path in this peer's working folder. */
  file(name: string): string {
    return this.dir.file(name);
  }

  /** Starts a command; whatever still runs at the end is killed. */
  start(args: readonly string[], options: RunOptions & { stdin?: 'pipe' } = {}): ChildProgram {
    const env = { ...this.env, SHOAL_HOME: this.home, ...options.env };
    const cwd = options.cwd ?? this.dir.path;
    const stdin = options.stdin === undefined ? {} : { stdin: options.stdin };
    const program = ChildProgram.start(PEER_BIN, args, { env, cwd, ...stdin });
    this.running.add(program);
    return program;
  }

  /** Runs a command to its end. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<PeerRun> {
    const program = this.start(args, options);
    const exitCode = await program.ended();
    return { exitCode, stdout: program.stdout, stderr: program.stderr };
  }

  /** Runs a command with `--json`; throws, with what it printed, when it fails. */
  async json<Data>(args: readonly string[], options: RunOptions = {}): Promise<Data> {
    const run = await this.run([...args, '--json'], options);
    if (run.exitCode !== 0) throw new Error(`${String(run.exitCode)}: ${run.stdout}${run.stderr}`);
    return (JSON.parse(run.stdout) as JsonResult<Data>).data;
  }

  /** `share` or `seed`, once it says that it is ready. */
  async serve(args: readonly string[], options: RunOptions = {}): Promise<ChildProgram> {
    const program = this.start(args, options);
    await program.until(() => /^ready |"event":"ready"/m.test(program.stdout));
    return program;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.running) await program[Symbol.asyncDispose]();
    await this.dir[Symbol.asyncDispose]();
  }
}

async function newUser(): Promise<{ dir: TempDir; env: Environment }> {
  const dir = await TempDir.create();
  return { dir, env: securedEnvironment(dir.file('user')) };
}
