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

/** One of pino's JSON lines as a line for people: time, level, where, what. */
export function renderLogLine(line: string): string {
  const { level, time, msg, context } = JSON.parse(line) as LogEntry;
  const where = context === undefined ? '' : `${context}: `;
  return `${time} ${(LEVEL_NAMES[level] ?? String(level)).padEnd(5)} ${where}${msg ?? ''}\n`;
}
