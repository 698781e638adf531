import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { formatEndpoint } from '#protocol';
import type { AbusedPort, AbuseTarget } from './abuse-kind.js';

const PROGRAM = fileURLToPath(new URL('./abuser-program.js', import.meta.url));
/** They have what the well-behaved leave of the processors: what is measured is what the abused do with
 *  theirs, not how the system shares them. */
const NICENESS = '10';

/** A process that abuses a port for as long as this lives. */
export class Abusers implements AsyncDisposable {
  private constructor(private readonly child: ChildProcess) {}

  /** Resolves once they are at it. */
  static async start(port: AbusedPort, kind: string, target: AbuseTarget) {
    const { endpoint, file } = target;
    const about = file === undefined ? [] : [file.digest, String(file.chunkCount)];
    const command = [process.execPath, PROGRAM, port, kind, formatEndpoint(endpoint), ...about];
    const child = spawn('nice', ['-n', NICENESS, ...command], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the abusers ended with ${String(code)}`);
    });
    ended.catch(() => undefined);
    await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
    return new Abusers(child);
  }

  /** Rejects when they gave up before. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null) throw new Error('the abusers had ended');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}
