import type { CommandFailure } from './command-failure.js';
import { toJsonLine } from './json-line.js';
import { printable } from './printable.js';

/** One line for people, or the object that `--json` promises; with its line break. */
export function renderError(failure: CommandFailure, format: 'json' | 'text'): string {
  if (format === 'text') return `peer: ${printable(failure.message)}\n`;
  return toJsonLine(toErrorObject(failure));
}

/** A failure as one of the events on stderr. */
export function toFailedEvent({ data, ...error }: CommandFailure): object {
  return { event: 'failed', error, ...(data === undefined ? {} : { data }) };
}

export function toErrorObject({ data, ...error }: CommandFailure): object {
  return { ok: false, error, ...(data === undefined ? {} : { data }) };
}
