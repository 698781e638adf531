import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync, type WriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

/** GNU time: a program between us and the measured one, because the peak memory of a direct child
 *  would include ours at the moment of the fork. */
export const TIME_PROGRAM = '/usr/bin/time';
const STOP_TIMEOUT_MS = 10_000;
/** The kernel's USER_HZ, the same on all that Node runs on. */
const TICKS_PER_SECOND = 100;
const MAX_KEPT_LINES = 20;

export interface ProgramOptions {
  readonly title: string;
  readonly command: readonly string[];
  /** File for the figures that GNU time writes. */
  readonly usagePath: string;
  /** Put before the command; for example what enters a network namespace. */
  readonly prefix?: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Every line that it says is kept here, with milliseconds since its start. */
  readonly logPath?: string;
}

export interface ProgramEnd {
  /** Wall time from just before the start to the exit. */
  readonly seconds: number;
  readonly exitCode: number;
  /** User and system time of it and of the children it waited for. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

export type LineListener = (line: string, atMs: number, stream: 'stdout' | 'stderr') => void;

/** One running program: its lines as they come, its end and what it used. */
export class MeasuredProgram {
  readonly startedMs = performance.now();
  readonly ended: Promise<ProgramEnd>;
  private readonly child: ChildProcess;
  private readonly log: WriteStream | undefined;
  private readonly listeners = new Set<LineListener>();
  private readonly kept: string[] = [];
  private hasEnded = false;

  constructor(private readonly options: ProgramOptions) {
    const { command, usagePath, prefix = [], logPath } = options;
    const timed = ['-o', usagePath, '-f', '%U %S %M', ...prefix, ...command];
    const inherited = Object.entries(process.env).filter(([key]) => !isLeftOut(key));
    this.log = logPath === undefined ? undefined : createWriteStream(logPath);
    this.child = spawn(TIME_PROGRAM, timed, {
      cwd: options.cwd,
      env: { ...Object.fromEntries(inherited), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own: at the worst all of it can be killed at once.
      detached: true,
    });
    this.listen('stdout');
    this.listen('stderr');
    this.ended = this.awaitEnd();
    this.ended.catch(() => undefined);
  }

  /** Calls the listener for every line from now on. */
  onLine(listener: LineListener): void {
    this.listeners.add(listener);
  }

  /** The first line that matches, from now on, and when it came (performance.now()). Rejects when
   *  the program ends without one. */
  async line(pattern: RegExp): Promise<{ line: string; atMs: number }> {
    const found = new Promise<{ line: string; atMs: number }>((resolve) => {
      this.onLine((line, atMs) => {
        if (pattern.test(line)) resolve({ line, atMs });
      });
    });
    const missing = this.ended.then(({ exitCode }) => {
      throw new Error(
        `ended with ${exitCode} before it said ${String(pattern)}${this.lastWords()}`,
      );
    });
    missing.catch(() => undefined);
    return Promise.race([found, missing]);
  }

  /** Its end, when that is a success; rejects, with what it said last, when not. */
  async succeeded(): Promise<ProgramEnd> {
    const end = await this.ended;
    if (end.exitCode !== 0) throw new Error(`ended with ${end.exitCode}${this.lastWords()}`);
    return end;
  }

  /** Sends a signal to the program itself, not to GNU time, which has yet to write its figures. */
  signal(name: NodeJS.Signals): void {
    const { pid } = this.child;
    if (pid === undefined || this.hasEnded) return;
    try {
      for (const child of childrenOf(pid)) process.kill(child, name);
    } catch {
      // It has just ended.
    }
  }

  /** User and system seconds of it and its living children so far; what GNU time reports at the end
   *  less this is what came after. */
  cpuSecondsSoFar(): number {
    const { pid } = this.child;
    return pid === undefined || this.hasEnded ? 0 : sum(childrenOf(pid).map(cpuSecondsOf));
  }

  /** Asks it to stop, kills it when it does not, and resolves with its end. */
  async stop(name: NodeJS.Signals = 'SIGTERM'): Promise<ProgramEnd> {
    this.signal(name);
    const late = setTimeout(() => this.signal('SIGKILL'), STOP_TIMEOUT_MS);
    try {
      return await this.ended;
    } finally {
      clearTimeout(late);
    }
  }

  /** Ends it and everything it started, at once. */
  killGroup(): void {
    const { pid } = this.child;
    if (pid === undefined || this.hasEnded) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }

  private async awaitEnd(): Promise<ProgramEnd> {
    let endMs = 0;
    this.child.once('exit', () => {
      endMs = performance.now();
      this.hasEnded = true;
    });
    const [exitCode] = (await once(this.child, 'close')) as [number | null];
    this.log?.end();
    const seconds = (endMs - this.startedMs) / 1_000;
    const usage = await readFile(this.options.usagePath, 'utf8').catch(() => '');
    return { seconds, exitCode: exitCode ?? -1, ...parseUsage(usage) };
  }

  private listen(stream: 'stdout' | 'stderr'): void {
    const lines = createInterface({ input: this.child[stream]! });
    lines.on('line', (line) => {
      const atMs = performance.now();
      this.log?.write(`${(atMs - this.startedMs).toFixed(0)} ${stream} ${line}\n`);
      this.kept.push(line);
      if (this.kept.length > MAX_KEPT_LINES) this.kept.shift();
      for (const listener of this.listeners) listener(line, atMs, stream);
    });
  }

  private lastWords(): string {
    return [` (${this.options.title})`, ...this.kept].join('\n    ');
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Process ids; of one that has just ended none. */
function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Of a process, the children it has waited for and those that live, in proc(5)'s clock ticks. */
function cpuSecondsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name, which may hold anything: fields 3 and on. 14 to 17 are times.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const own = sum(fields.slice(11, 15).map(Number)) / TICKS_PER_SECOND;
    return own + sum(childrenOf(pid).map(cpuSecondsOf));
  } catch {
    return 0;
  }
}

/** GNU time's last line is `USER SYSTEM KIBIBYTES`; a line on a bad end may come before it. */
function parseUsage(text: string): { cpuSeconds: number; peakBytes: number } {
  const [user, system, peakKib] = (text.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { cpuSeconds: user! + system!, peakBytes: peakKib! * 1024 };
}

/** Settings of our own, and certificates that no program here needs: reading them at each start of
 *  Node takes longer than the rest of the start. */
function isLeftOut(variable: string): boolean {
  return variable.startsWith('SHOAL_') || variable === 'NODE_EXTRA_CA_CERTS';
}
