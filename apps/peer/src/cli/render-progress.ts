import { formatRate, formatSize } from './byte-size.js';
import { formatDuration } from './duration.js';
import { printable } from './printable.js';

export interface ProgressSample {
  readonly name: string;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly bytesPerSecond: number;
  readonly sources: number;
}

const MIN_BAR_CHARS = 8;
const MAX_BAR_CHARS = 30;
const MAX_NAME_CHARS = 28;

/** One transfer as a line of at most `columns` characters. */
export function renderProgressLine(sample: ProgressSample, columns: number): string {
  const { bytesDone, bytesTotal, bytesPerSecond, sources } = sample;
  const fraction = bytesTotal === 0 ? 1 : bytesDone / bytesTotal;
  const leftMs = ((bytesTotal - bytesDone) / bytesPerSecond) * 1_000;
  const facts = [
    `${String(Math.floor(fraction * 100)).padStart(3)}%`,
    `${formatSize(bytesDone)}/${formatSize(bytesTotal)}`,
    formatRate(bytesPerSecond),
    Number.isFinite(leftMs) ? `${formatDuration(leftMs)} left` : '-- left',
    `${sources} ${sources === 1 ? 'source' : 'sources'}`,
  ].join('  ');
  const name = shorten(printable(sample.name), MAX_NAME_CHARS);
  const roomChars = columns - name.length - facts.length - 5;
  if (roomChars < MIN_BAR_CHARS) return `${name}  ${facts}`.slice(0, columns);
  return `${name}  ${renderBar(fraction, Math.min(roomChars, MAX_BAR_CHARS))}  ${facts}`;
}

function renderBar(fraction: number, chars: number): string {
  const filled = Math.round(Math.min(Math.max(fraction, 0), 1) * (chars - 2));
  return `[${'='.repeat(filled)}${' '.repeat(chars - 2 - filled)}]`;
}

/** Keeps the end: the names of one folder differ there. */
function shorten(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `…${text.slice(text.length - maxChars + 1)}`;
}
