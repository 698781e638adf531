import type { CommandError } from './command-error.js';

/** One line: JSON as every program of Shoal prints it, or text for people. */
export function renderError(error: CommandError, format: 'json' | 'text'): string {
  const { code, message, exitCode } = error;
  if (format === 'text') return `tracker: ${message}`;
  return JSON.stringify({ ok: false, error: { code, message, exit: exitCode } });
}
