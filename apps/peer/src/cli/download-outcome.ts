import { TransferError } from '../core/transfer-error.js';
import type { DownloadReport } from '../engine/download/download-job.js';
import type { FileOutcome } from '../engine/download/download-run.js';

/** Some of several files failed: what arrived is in place and is part of the answer. */
export class DoneInPart extends TransferError {
  constructor(
    message: string,
    readonly data: {
      readonly files: readonly DownloadReport[];
      readonly failed: readonly { name: string; code: string; message: string }[];
    },
    options: ErrorOptions,
  ) {
    super('DONE_IN_PART', message, options);
  }
}

/** The reports, when every file arrived. Throws {@link DoneInPart} when some did; when none did,
 *  the first file's code with what happened to each. */
export function toFiles(outcomes: readonly FileOutcome[]): DownloadReport[] {
  const files = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.report] : []));
  const failures = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome]));
  const [first] = failures;
  if (first === undefined) return files;
  if (outcomes.length === 1) throw first.error;
  const failed = failures.map(({ name, error }) => {
    const code = error instanceof TransferError ? error.code : 'INTERNAL';
    return { name, code, message: error.message };
  });
  const list = failed.map(({ name, message }) => `${name}: ${message}`).join('; ');
  if (files.length === 0) throw allFailed(first.error, list);
  const message = `${failed.length} of ${outcomes.length} files failed: ${list}`;
  throw new DoneInPart(message, { files, failed }, { cause: first.error });
}

/** A fault of ours stays what it is. */
function allFailed(error: Error, list: string): Error {
  if (!(error instanceof TransferError)) return error;
  return new TransferError(error.code, `no file arrived: ${list}`, { cause: error });
}
