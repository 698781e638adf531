import { Flags } from '@oclif/core';
import { parseEndpoint, parseGroup, ProtocolError, type Endpoint, type GroupName } from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import { parseRate } from './byte-size.js';
import { parseDuration } from './duration.js';

/** Flags whose text has a meaning; a bad one is wrong usage that names the flag. */
export const rateFlag = Flags.custom<number>({
  helpValue: 'RATE',
  parse: (text) => Promise.resolve(checked(parseRate(text), text, 'a rate such as 10MiB/s')),
});

export const durationFlag = Flags.custom<number>({
  helpValue: 'DURATION',
  parse: (text) => Promise.resolve(checked(parseDuration(text), text, 'a duration such as 30s')),
});

/** `0` has no unit: none at all. */
export const graceFlag = Flags.custom<number>({
  helpValue: 'DURATION',
  parse: (text) => Promise.resolve(toGrace(text)),
});

export const endpointFlag = Flags.custom<Endpoint>({
  helpValue: 'HOST:PORT',
  parse: (text) => Promise.resolve(toEndpoint(text)),
});

/** May be given several times, and takes one value each time: what follows is an argument. */
export const groupsFlag = Flags.custom<GroupName>({
  helpValue: 'GROUP',
  multiple: true,
  multipleNonGreedy: true,
  parse: (text) => Promise.resolve(toGroup(text)),
});

/** Throws TransferError USAGE. */
export function toEndpoint(text: string): Endpoint {
  try {
    return parseEndpoint(text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    // What looks like part of an invite is not repeated.
    const what = /[/#]/.test(text) ? 'that' : JSON.stringify(text);
    throw new TransferError('USAGE', `${what} is not HOST:PORT`);
  }
}

/** Throws TransferError USAGE. */
function toGroup(text: string): GroupName {
  try {
    return parseGroup(text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const message = `${JSON.stringify(text)} is no group: lower-case letters, digits and, inside, ".", "_", "-"`;
    throw new TransferError('USAGE', message);
  }
}

/** Throws TransferError USAGE. */
export function toGrace(text: string): number {
  return text === '0' ? 0 : checked(parseDuration(text), text, 'a duration such as 1h, or 0');
}

/** Throws TransferError USAGE. */
export function checked<T>(value: T | undefined, text: string, expected: string): T {
  if (value !== undefined) return value;
  throw new TransferError('USAGE', `${JSON.stringify(text)} is not ${expected}`);
}
