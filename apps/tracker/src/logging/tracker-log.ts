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

/** Nest's own log over pino. What Nest says of its start is for its developers. */
export class NestLog implements LoggerService {
  constructor(private readonly pinoLog: Logger) {}

  log(message: unknown, context?: unknown): void {
    if (isNestInternal(context)) this.pinoLog.debug({ context }, toText(message));
    else this.pinoLog.info({ context }, toText(message));
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.pinoLog.error({ context: rest.at(-1) }, toText(message));
  }

  warn(message: unknown, context?: unknown): void {
    this.pinoLog.warn({ context }, toText(message));
  }

  fatal(message: unknown, context?: unknown): void {
    this.pinoLog.fatal({ context }, toText(message));
  }
}

const NEST_CONTEXTS = /^(Nest|Instance|Router|Routes|Server)/;

function isNestInternal(context: unknown): boolean {
  return typeof context === 'string' && NEST_CONTEXTS.test(context);
}

function toText(message: unknown): string {
  if (message instanceof Error) return message.stack ?? message.message;
  return typeof message === 'string' ? message : JSON.stringify(message);
}
