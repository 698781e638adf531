import { TransferError } from '../core/transfer-error.js';
import type { VerifyReport } from '../engine/share/verify-path.js';
import { formatSize } from './byte-size.js';
import { printable } from './printable.js';

const MAX_SHOWN_RANGES = 20;

/** What a file that is not what it should be ends the command with; programs get the report. */
export class ContentMismatch extends TransferError {
  constructor(
    message: string,
    readonly data: VerifyReport,
  ) {
    super('CONTENT_MISMATCH', message);
  }
}

export function renderVerify(report: VerifyReport): string {
  const { path, name, chunkCount, sizeBytes } = report;
  return printable(`${path} is ${name}: all ${chunkCount} chunks match (${formatSize(sizeBytes)})`);
}

export function toMismatch(report: VerifyReport): ContentMismatch {
  const { path, name, badChunks, chunkCount, sizeMatches } = report;
  const facts = [`${badChunks.length} of ${chunkCount} chunks differ`];
  if (badChunks.length > 0) facts.push(renderRanges(badChunks));
  if (!sizeMatches) facts.push(`it is ${report.sizeBytes} bytes long, which is not its length`);
  return new ContentMismatch(`${path} is not ${name}: ${facts.join('; ')}`, report);
}

function renderRanges(indexes: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const index of indexes) {
    const last = ranges.at(-1);
    if (last?.[1] === index - 1) last[1] = index;
    else ranges.push([index, index]);
  }
  const shown = ranges
    .slice(0, MAX_SHOWN_RANGES)
    .map(([first, last]) => (first === last ? String(first) : `${first}-${last}`));
  const more = ranges.length > MAX_SHOWN_RANGES ? ' …' : '';
  return `chunks ${shown.join(', ')}${more}`;
}
