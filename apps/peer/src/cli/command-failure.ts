import { TransferError } from '../core/transfer-error.js';
import { DoneInPart } from './download-outcome.js';
import { ChecksFailed } from './render-doctor.js';
import { EXIT_CODES, EXIT_OF_CODE } from './exit-codes.js';
import { ContentMismatch } from './render-verify.js';
import { StoppedBySignal } from './stop-signal.js';

/** How a command ends when it does not succeed; what `--json` shows of it. */
export interface CommandFailure {
  readonly code: string;
  readonly message: string;
  readonly exit: number;
  /** What was done all the same. */
  readonly data?: unknown;
}

/** What oclif throws for wrong usage is wrong usage; anything untyped is a fault of ours. */
export function toFailure(error: unknown): CommandFailure {
  const message = oneLine(error instanceof Error ? error.message : String(error));
  if (error instanceof TransferError) {
    const data =
      error instanceof DoneInPart ||
      error instanceof ContentMismatch ||
      error instanceof ChecksFailed
        ? { data: error.data }
        : {};
    return { code: error.code, message, exit: EXIT_OF_CODE[error.code], ...data };
  }
  if (error instanceof StoppedBySignal) return { code: error.name, message, exit: error.exitCode };
  const { oclif } = error as { readonly oclif?: { readonly exit?: number } };
  return oclif?.exit === EXIT_CODES.usage
    ? { code: 'USAGE', message, exit: EXIT_CODES.usage }
    : { code: 'INTERNAL', message, exit: EXIT_CODES.fault };
}

/** What was typed may be repeated to whoever typed it, and logged: but for invites. */
export function withoutInvites(text: string): string {
  return text.replace(/shoal:\/\/[^\s"']+/g, 'shoal://…');
}

/** A message without oclif's additions: its pointer to --help, a note that is wrong for flags of
 *  ours (each takes one value), and several lines. */
function oneLine(message: string): string {
  return withoutInvites(message)
    .replace(/\nSee more help with --help$/, '')
    .replace(/\n\nNote: --\S+ allows multiple values\.[^]*$/, '')
    .replace(/^Parsing (--\S+) \n\t/, '$1: ')
    .replace(/:\n(?=\S)/g, ': ');
}
