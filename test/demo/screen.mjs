// What the demo prints: headings, tables, and bars that stay in place on a terminal.
const MIB = 1024 * 1024;
const BAR_CHARS = 30;
const LINE_INTERVAL_MS = 1_000;
const ESCAPE = '\u001b[';

const isTerminal = process.stdout.isTTY === true;
const hasStyle = isTerminal && process.env.NO_COLOR === undefined;
const styled = (code, text) => (hasStyle ? `${ESCAPE}${code}m${text}${ESCAPE}0m` : text);

export const bold = (text) => styled('1', text);
export const dim = (text) => styled('2', text);
export const green = (text) => styled('32', text);

export const mib = (bytes, digits = 1) => `${(bytes / MIB).toFixed(digits)} MiB`;
export const seconds = (ms) => `${(ms / 1_000).toFixed(1)} s`;

export function say(text = '') {
  process.stdout.write(`${text}\n`);
}

export function step(number, text) {
  say(`\n${bold(`${number}. ${text}`)}`);
}

/** A command as one would type it. */
export function command(text) {
  const [first, ...rest] = text.split('\n');
  say(`   ${dim(`$ ${first}`)}`);
  for (const line of rest) say(`   ${dim(line)}`);
}

export function indented(text) {
  for (const line of text.trimEnd().split('\n')) say(`   ${line}`);
}

/** Rows of texts in columns; the first column is aligned left, the others right. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
        )
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

/** What a query answered, like a shell of a database prints it. */
export function resultTable(rows) {
  const columns = Object.keys(rows[0] ?? {});
  return table([columns, ...rows.map((row) => columns.map((column) => String(row[column])))]);
}

/** Progress of several downloads: bars in place on a terminal, a line a second elsewhere. */
export class ProgressBoard {
  #paintedLines = 0;
  #saidMs = -Infinity;

  /** `downloads`: objects with title, bytesDone, bytesTotal, bytesPerSecond and sources. */
  show(downloads, elapsedMs) {
    if (isTerminal) this.#paint(downloads);
    else if (elapsedMs - this.#saidMs >= LINE_INTERVAL_MS) this.#sayLine(downloads, elapsedMs);
  }

  /** The last word, wherever it goes. */
  finish(downloads, elapsedMs) {
    this.#saidMs = -Infinity;
    this.show(downloads, elapsedMs);
  }

  #paint(downloads) {
    const up = this.#paintedLines > 0 ? `${ESCAPE}${this.#paintedLines}A` : '';
    const lines = downloads.map((download) => `${ESCAPE}2K   ${renderBar(download)}\n`);
    process.stdout.write(up + lines.join(''));
    this.#paintedLines = lines.length;
  }

  #sayLine(downloads, elapsedMs) {
    this.#saidMs = elapsedMs;
    const parts = downloads.map((download) => `${download.title} ${percentOf(download)}`);
    say(`   ${seconds(elapsedMs).padStart(6)}   ${parts.join('   ')}`);
  }
}

function renderBar(download) {
  const { title, bytesDone, bytesTotal, bytesPerSecond, sources } = download;
  const filled = Math.round((bytesDone / bytesTotal) * BAR_CHARS);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_CHARS - filled);
  const isDone = bytesDone === bytesTotal;
  const rate = mib(bytesPerSecond, 0).padStart(8);
  const facts = isDone ? green('done') : `${rate}/s  ${sources} sources`;
  return `${title}  ${bar}  ${percentOf(download)}  ${facts}`;
}

function percentOf({ bytesDone, bytesTotal }) {
  return `${Math.floor((bytesDone / bytesTotal) * 100)}%`.padStart(4);
}
