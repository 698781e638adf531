import type { LoggerService } from '@nestjs/common';
import { destination, pino, type Logger } from 'pino';
import { renderLogLine } from './render-log-line.js';

/** Logs go to stderr, at once: stdout belongs to the ready line. */
export function createLog(format: 'json' | 'text'): Logger {
  const stderr = destination({ fd: 2, sync: true });
  const options = { base: null, timestamp: isoTimestamp };
  if (format === 'json') return pino(options, stderr);
  return pino(options, { write: (line) => stderr.write(renderLogLine(line)) });
}

function isoTimestamp(): string {
  return `,"time":"${new Date().toISOString()}"`;
}

/** Nest's own log over pino. What Nest says while it starts is for its developers: what keeps a
 *  tracker from starting is thrown, and told once. */
export class NestLog implements LoggerService {
  private state: 'starting' | 'serving' = 'starting';

  constructor(private readonly pinoLog: Logger) {}

  serving(): void {
    this.state = 'serving';
  }

  log(message: unknown, context?: unknown): void {
    this.write(isNestInternal(context) ? 'debug' : 'info', message, context);
  }

  warn(message: unknown, context?: unknown): void {
    this.write('warn', message, context);
  }

  /** A stranger who breaks the framing is no fault of ours. */
  error(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (isNestInternal(context)) this.write('warn', firstLine(message), context);
    else this.write('error', message, context);
  }

  fatal(message: unknown, context?: unknown): void {
    this.write('fatal', message, context);
  }

  private write(level: LogLevel, message: unknown, context: unknown): void {
    const isQuiet = this.state === 'starting' && isNestInternal(context);
    this.pinoLog[isQuiet ? 'debug' : level]({ context }, toText(message));
  }
}

type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

const MAX_FOREIGN_TEXT_CHARS = 200;

const NEST_CONTEXTS = /^(Nest|Instance|Router|Routes|Server)/;

function isNestInternal(context: unknown): boolean {
  return typeof context === 'string' && NEST_CONTEXTS.test(context);
}

/** Without what a stranger may have put into it. */
function firstLine(message: unknown): string {
  const text = message instanceof Error ? message.message : toText(message);
  return text
    .split('\n', 1)[0]!
    .slice(0, MAX_FOREIGN_TEXT_CHARS)
    .replace(/\p{Cc}/gu, '?');
}

function toText(message: unknown): string {
  if (message instanceof Error) return message.stack ?? message.message;
  return typeof message === 'string' ? message : JSON.stringify(message);
}
