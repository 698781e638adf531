import { expect } from 'vitest';
import type { JsonFailure, PeerHome, RunOptions } from './peer-home.js';

/** Runs a command that must fail: the object that `--json` prints, and nothing else, on stdout, with
 *  the exit code in it that the process ends with. */
export async function failureOf(
  peer: PeerHome,
  args: readonly string[],
  options: RunOptions = {},
): Promise<JsonFailure['error'] & { readonly data?: unknown }> {
  const { exitCode, stdout } = await peer.run([...args, '--json'], options);
  expect(stdout, args.join(' ')).toMatch(/^\{.*\}\n$/);
  const { ok, error, data } = JSON.parse(stdout) as JsonFailure;
  expect(ok).toBe(false);
  expect(Object.keys(error)).toEqual(['code', 'message', 'exit']);
  expect(error.exit, error.message).toBe(exitCode);
  expect(error.message).toMatch(/^\S.*\S$/);
  return { ...error, ...(data === undefined ? {} : { data }) };
}

/** The non-empty lines of a program's output. */
export function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
