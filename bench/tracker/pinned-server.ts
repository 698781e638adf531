import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { parseEndpoint, type Endpoint } from '#protocol';

const READY = /^ready (?:peers=)?(\S+)/;
const STOP_TIMEOUT_MS = 20_000;
/** Unit of the times in /proc/PID/stat, the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Where the times of user and system are, counted from the state that follows the name. */
const USER_TICKS_INDEX = 11;
const SYSTEM_TICKS_INDEX = 12;

/** The measured server has this core to itself, the load comes from the other one. */
export const SERVER_CORE = 1;
export const LOAD_CORE = 0;

const canPin = (): boolean => availableParallelism() > 1;

/** Keeps this process, with all its threads, off the core of the servers. */
export function pinLoad(): void {
  if (!canPin()) return;
  execFileSync('taskset', ['-a', '-c', '-p', String(LOAD_CORE), String(process.pid)]);
}

/** A server in a process of its own, alone on its core. */
export class PinnedServer implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    readonly endpoint: Endpoint,
    private readonly readyLine: string,
  ) {}

  /** Of a secured tracker. */
  get invite(): string {
    return /invite=(\S+)/.exec(this.readyLine)![1]!;
  }

  /** Runs Node with these arguments, until it says `ready HOST:PORT` or as a tracker does. Rejects
   *  when it ends before that. */
  static async start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<PinnedServer> {
    const command = canPin() ? ['taskset', '-c', String(SERVER_CORE)] : [];
    const [program, ...rest] = [...command, process.execPath, ...args];
    const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('SHOAL_'));
    const child = spawn(program!, rest, {
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit').then(() => {
      throw new Error(`ended before it was ready: ${args.join(' ')}`);
    });
    ended.catch(() => undefined);
    const line = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
    const [readyLine] = await Promise.race([line, ended]);
    const address = READY.exec(readyLine)?.[1];
    if (address === undefined) throw new Error(`not a ready line: ${readyLine}`);
    return new PinnedServer(child, parseEndpoint(address), readyLine);
  }

  /** User and system time so far. */
  get cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.child.pid!}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[USER_TICKS_INDEX]) + Number(fields[SYSTEM_TICKS_INDEX]);
    return ticks / TICKS_PER_SECOND;
  }

  /** The most memory it had resident so far. */
  get peakBytes(): number {
    return this.statusBytes('VmHWM');
  }

  get residentBytes(): number {
    return this.statusBytes('VmRSS');
  }

  /** May be called twice. */
  async close(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(late);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private statusBytes(key: string): number {
    const status = readFileSync(`/proc/${this.child.pid!}/status`, 'utf8');
    return Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(status)![1]) * 1024;
  }
}
