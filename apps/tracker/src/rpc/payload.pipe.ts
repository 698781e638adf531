import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError, type ValidatorOptions } from 'class-validator';
import { TrackerError } from '#protocol';
import { isSurelyRight } from './payload-check.js';

const OPTIONS: ValidatorOptions = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  stopAtFirstError: true,
  validationError: { target: false, value: false },
};

type Dto = new () => object;

/** The one validation of requests: payloads become their DTO, or INVALID_REQUEST that names the
 *  key. Not Nest's ValidationPipe, which takes several times as long on the hot paths. */
@Injectable()
export class PayloadPipe implements PipeTransform<unknown> {
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    if (metadata.type !== 'body' || metadata.metatype === undefined) return value;
    return parsePayload(metadata.metatype as Dto, value);
  }
}

/** Throws TrackerError INVALID_REQUEST. */
export function parsePayload<T extends object>(dto: new () => T, value: unknown): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TrackerError('INVALID_REQUEST', 'the request is not an object');
  }
  return isSurelyRight(dto, value) ? (value as T) : validatePayload(dto, value);
}

/** The long way, which says what is wrong. Throws TrackerError INVALID_REQUEST. */
export function validatePayload<T extends object>(dto: new () => T, value: object): T {
  const instance = hydrate(dto, value);
  const [error] = validateSync(instance, OPTIONS);
  if (error === undefined) return instance;
  throw new TrackerError('INVALID_REQUEST', describe(error).slice(0, 300));
}

function hydrate<T extends object>(dto: new () => T, value: object): T {
  try {
    return plainToInstance(dto, value);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new TrackerError('INVALID_REQUEST', 'the request is nested too deeply', { cause });
  }
}

function describe(error: ValidationError, parents = ''): string {
  const path = /^\d+$/.test(error.property)
    ? `${parents}[${error.property}]`
    : `${parents}${parents === '' ? '' : '.'}${error.property}`;
  const message = Object.values(error.constraints ?? {})[0];
  if (message !== undefined) return `${path}: ${message}`;
  const child = error.children?.[0];
  return child === undefined ? `${path}: not valid` : describe(child, path);
}
