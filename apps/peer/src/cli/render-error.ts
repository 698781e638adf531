import type { CommandFailure } from './command-failure.js';
import { printable } from './printable.js';

/** One line for people, or the object that `--json` promises. */
export function renderError(failure: CommandFailure, format: 'json' | 'text'): string {
  if (format === 'text') return `peer: ${printable(failure.message)}`;
  const { data, ...error } = failure;
  return JSON.stringify({ ok: false, error, ...(data === undefined ? {} : { data }) });
}
