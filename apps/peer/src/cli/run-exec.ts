import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { TransferError } from '../core/transfer-error.js';

/** Runs the user's command once, by the shell, with the paths that were downloaded. Its output goes
 *  to stderr: stdout is for results. Throws TransferError EXEC_FAILED. */
export async function runExec(command: string, paths: readonly string[]): Promise<void> {
  const child = spawn('sh', ['-c', command], {
    stdio: ['ignore', process.stderr, process.stderr],
    env: { ...process.env, SHOAL_PATHS: paths.join('\n') },
  });
  const [exitCode, signalName] = (await once(child, 'close')) as [number | null, string | null];
  if (exitCode === 0) return;
  const how = signalName === null ? `exit code ${exitCode ?? '?'}` : `signal ${signalName}`;
  throw new TransferError('EXEC_FAILED', `--exec failed with ${how}`);
}
