import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Holds a lock file through flock(1), so that benchmarks on one machine wait for each other. */
export class MachineLock implements AsyncDisposable {
  private constructor(private readonly child: ChildProcess | undefined) {}

  /** Waits for the file; an empty path locks nothing. */
  static async take(path: string, { signal }: { signal: AbortSignal }): Promise<MachineLock> {
    if (path === '') return new MachineLock(undefined);
    const command = ['flock', path, 'sh', '-c', 'echo held; exec cat >/dev/null'] as const;
    const child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    const lock = new MachineLock(child);
    try {
      await Promise.race([
        once(child.stdout, 'data', { signal }),
        once(child, 'exit', { signal }).then(() => {
          throw new Error(`flock could not lock ${path}`);
        }),
      ]);
      return lock;
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  async close(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.stdin?.end();
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
