import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** Runs a short command to its end and returns what it printed. Throws, with what it said on
 *  stderr, when it fails. */
export async function runCommand(
  command: readonly string[],
  { input = '' }: { input?: string } = {},
): Promise<string> {
  const child = spawn(command[0]!, command.slice(1), { stdio: 'pipe' });
  // One that ends without reading its input is no problem of the input's.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = once(child, 'close') as Promise<[number | null]>;
  const [out, problem, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended,
  ]);
  if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${problem.trim()}`);
  return out;
}

/** Whether a program of this name can be started. */
export async function hasProgram(name: string): Promise<boolean> {
  return runCommand(['sh', '-c', 'command -v "$0"', name]).then(
    () => true,
    () => false,
  );
}
