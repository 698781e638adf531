import { Flags } from '@oclif/core';
import { parseEndpoint, ProtocolError, type Endpoint } from '#protocol';
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

export const endpointFlag = Flags.custom<Endpoint>({
  helpValue: 'HOST:PORT',
  parse: (text) => Promise.resolve(toEndpoint(text)),
});

/** Throws TransferError USAGE. */
export function toEndpoint(text: string): Endpoint {
  try {
    return parseEndpoint(text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new TransferError('USAGE', `${JSON.stringify(text)} is not HOST:PORT`, { cause: error });
  }
}

/** Throws TransferError USAGE. */
export function checked<T>(value: T | undefined, text: string, expected: string): T {
  if (value !== undefined) return value;
  throw new TransferError('USAGE', `${JSON.stringify(text)} is not ${expected}`);
}
