import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseEndpoint, type Endpoint } from '#protocol';
import { TempDir } from './temp-dir.js';
import { TrackerCaller } from './tracker-caller.js';

export const TRACKER_BIN = fileURLToPath(
  new URL('../../apps/tracker/bin/tracker.js', import.meta.url),
);

/** An undefined one is not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface TrackerOptions {
  /** Data folder; by default one of the tracker's own, removed at the end. */
  readonly data?: string;
  /** Of the peers' side; by default a free one. */
  readonly port?: number;
  /** Flags after `start --port … --http-port … --data …`. */
  readonly flags?: readonly string[];
  readonly env?: Environment;
  /** `open` (the default): without encryption and membership. */
  readonly access?: 'open' | 'secured';
}

/** Starts the real binary on free ports and waits for its ready line. */
export async function startTracker(options: TrackerOptions = {}): Promise<RunningTracker> {
  const ownFolder = await TempDir.create();
  const tracker = new RunningTracker(options.data ?? ownFolder.file('data'), options, ownFolder);
  try {
    await tracker.start();
    return tracker;
  } catch (error) {
    await tracker[Symbol.asyncDispose]();
    throw error;
  }
}

/** A tracker process that can be stopped, killed and started again on its data and ports. */
export class RunningTracker implements AsyncDisposable {
  private child: ChildProcess | undefined;
  private log = '';
  /** Peers' side and operators' side, as the ready line says. */
  address!: Endpoint;
  http!: Endpoint;
  readyLine = '';

  constructor(
    readonly data: string,
    private readonly options: TrackerOptions,
    private readonly ownFolder: TempDir,
  ) {}

  /** The home folder of the user that runs it: a peer of that user needs no invite. */
  get userHome(): string {
    return this.ownFolder.file('user');
  }

  /** `shoal://…`; throws for a tracker that gives none. */
  get invite(): string {
    const [invite] = /shoal:\/\/[^\s"]+/.exec(this.readyLine) ?? [];
    if (invite === undefined) throw new Error(`no invite: ${this.readyLine}`);
    return invite;
  }

  get access(): 'open' | 'secured' {
    return this.options.access ?? 'open';
  }

  /** `HOST:PORT` for `--tracker`. */
  get url(): string {
    return `${this.address.host}:${this.address.port}`;
  }

  get databasePath(): string {
    return `${this.data}/tracker.db`;
  }

  /** Everything it wrote to stderr so far. */
  get stderr(): string {
    return this.log;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** On free ports the first time, on the same ones after that. */
  async start(): Promise<void> {
    const { port: firstPort = 0 } = this.options;
    const port = (this.readyLine === '' ? firstPort : this.address.port).toString();
    const httpPort = (this.readyLine === '' ? 0 : this.http.port).toString();
    const flags = ['--port', port, '--http-port', httpPort, '--data', this.data];
    const child = spawn(
      process.execPath,
      [TRACKER_BIN, 'start', ...flags, ...(this.options.flags ?? [])],
      { env: cleanEnvironment(this.environment), stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.child = child;
    child.stderr.on('data', (bytes: Buffer) => (this.log += bytes.toString()));
    this.readyLine = await firstLine(child, () => this.log);
    const [peers, http] = parseReadyLine(this.readyLine);
    this.address = parseEndpoint(peers);
    this.http = parseEndpoint(http);
  }

  /** Resolves with the exit code, or the signal that ended it. */
  async kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> {
    const { child } = this;
    if (child === undefined) return 0;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    }
    return child.signalCode ?? child.exitCode!;
  }

  /** Resolves when it ends by itself, with the exit code or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals> {
    const { child } = this;
    if (child?.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child?.signalCode ?? child?.exitCode ?? 0;
  }

  async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.kill(signal);
    await this.start();
  }

  caller(): Promise<TrackerCaller> {
    return TrackerCaller.connect(this.address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill('SIGKILL');
    await this.ownFolder[Symbol.asyncDispose]();
  }

  private get environment(): Environment {
    const secured = this.access === 'secured' ? securedEnvironment(this.userHome) : {};
    return { ...secured, ...this.options.env };
  }
}

/** Of a user with a home folder of their own, as if on another machine: encrypted, as is usual. */
export function securedEnvironment(userHome: string): Environment {
  return { SHOAL_INSECURE: undefined, HOME: userHome, XDG_DATA_HOME: undefined };
}

/** The environment without any setting of ours: a test says what it wants. Unencrypted, unless the test
 *  says `SHOAL_INSECURE: undefined`. */
export function cleanEnvironment(extra: Environment = {}): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('SHOAL_'));
  return { ...Object.fromEntries(inherited), SHOAL_INSECURE: 'yes', ...extra };
}

async function firstLine(child: ChildProcess, log: () => string): Promise<string> {
  const lines = createInterface({ input: child.stdout! });
  const line = once(lines, 'line').then(([text]) => text as string);
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the tracker ended before it was ready:\n${log()}`);
  });
  const first = await Promise.race([line, ended]);
  ended.catch(() => undefined);
  return first;
}

function parseReadyLine(line: string): [string, string] {
  if (line.startsWith('{')) {
    const { peers, http } = JSON.parse(line) as { peers: string; http: string };
    return [peers, http];
  }
  const match = /^ready peers=(\S+) http=(\S+)( invite=\S+)?$/.exec(line);
  if (match === null) throw new Error(`not a ready line: ${line}`);
  return [match[1]!, match[2]!];
}
