import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cleanEnvironment, TRACKER_BIN, type Environment } from './start-tracker.js';

export interface TrackerRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real binary to its end: for what ends by itself. */
export async function runTracker(
  args: readonly string[],
  env: Environment = {},
): Promise<TrackerRun> {
  const child = spawn(process.execPath, [TRACKER_BIN, ...args], {
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes: Buffer) => (output.stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (output.stderr += bytes.toString()));
  await once(child, 'close');
  return { exitCode: child.exitCode, ...output };
}
