import { createRequire } from 'node:module';
import { toJsonLine } from './json-line.js';
import { printable } from './printable.js';

const EXIT_CODE = 1;

/** Loads the compiled part, which every command needs and which may be missing or made for another
 *  machine: where modules import it, Node ends with a stack trace that nobody can catch. Returns
 *  why it cannot be loaded, in one line. */
export function compiledPartFailure(): string | undefined {
  try {
    createRequire(import.meta.url)('@napi-rs/blake-hash');
    return undefined;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split('\n')[0];
  }
}

/** Says so, as `--json` wants it or in words, and has the process end with a fault of ours. */
export function reportCompiledPart(reason: string, argv: readonly string[]): void {
  const message = `the compiled part of this program cannot be loaded (${reason}): install the package again, on this machine and without --omit=optional`;
  if (argv.includes('--json')) {
    const error = { code: 'INTERNAL', message, exit: EXIT_CODE };
    process.stdout.write(toJsonLine({ ok: false, error }));
  } else {
    process.stderr.write(`peer: ${printable(message)}\n`);
  }
  process.exitCode = EXIT_CODE;
}
