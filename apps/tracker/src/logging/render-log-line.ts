const LEVEL_NAMES: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

interface LogEntry {
  readonly level: number;
  readonly time: string;
  readonly msg?: string;
  readonly context?: string;
}

/** What could give a terminal orders, or turn a line around. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** One of pino's JSON lines as a line for people: time, level, where, what. Further lines of a text are
 *  indented, so that none looks like an entry, and control characters are shown as escapes. */
export function renderLogLine(line: string): string {
  const { level, time, msg, context } = JSON.parse(line) as LogEntry;
  const where = context === undefined ? '' : `${context}: `;
  return `${time} ${(LEVEL_NAMES[level] ?? String(level)).padEnd(5)} ${where}${printable(msg ?? '')}\n`;
}

function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) =>
    character === '\n' ? '\n    ' : `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
