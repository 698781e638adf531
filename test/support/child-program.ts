import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cleanEnvironment, type Environment } from './start-tracker.js';

/** A real program under test: its lines as they come, and its end. */
export class ChildProgram implements AsyncDisposable {
  private readonly waiters = new Set<() => void>();
  private out = '';
  private err = '';
  private hasClosed = false;

  private constructor(readonly child: ChildProcess) {
    child.stdout!.on('data', (bytes: Buffer) => this.heard(() => (this.out += bytes.toString())));
    child.stderr!.on('data', (bytes: Buffer) => this.heard(() => (this.err += bytes.toString())));
    child.on('close', () => this.heard(() => (this.hasClosed = true)));
  }

  static start(
    bin: string,
    args: readonly string[],
    options: { env?: Environment; cwd?: string; stdin?: 'pipe' } = {},
  ): ChildProgram {
    const child = spawn(process.execPath, [bin, ...args], {
      env: cleanEnvironment(options.env),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'],
    });
    return new ChildProgram(child);
  }

  get pid(): number {
    return this.child.pid!;
  }

  get stdout(): string {
    return this.out;
  }

  get stderr(): string {
    return this.err;
  }

  /** Resolves once `isTrue` holds; looked at whenever the program says something. Rejects when it
   *  ends first. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      if (this.hasClosed) throw new Error(`it ended first:\n${this.out}\n${this.err}`);
      await new Promise<void>((resolve) => this.waiters.add(resolve));
    }
  }

  /** Its exit code, or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals> {
    if (!this.hasClosed) await once(this.child, 'close');
    return this.child.signalCode ?? this.child.exitCode!;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async kill(name: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> {
    if (!this.hasClosed) this.child.kill(name);
    return this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill('SIGKILL');
  }

  private heard(note: () => void): void {
    note();
    const waiters = [...this.waiters];
    this.waiters.clear();
    for (const wake of waiters) wake();
  }
}
