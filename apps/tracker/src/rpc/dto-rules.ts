import { applyDecorators } from '@nestjs/common';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
} from 'class-validator';
import {
  formatEndpoint,
  HASH_BYTES,
  MAX_FILES_PER_MESSAGE,
  MAX_GROUP_CHARS,
  MAX_GROUP_COUNT,
  MAX_HASHES_PER_MESSAGE,
  MAX_NAME_BYTES,
  parseEndpoint,
} from '#protocol';
import { AreEntries } from './payload-check.js';

/** No C0, DEL, C1 and no lone surrogates. */
const PLAIN_TEXT = /^[^\p{Cc}\p{Cs}]*$/u;

/** Text that a terminal can show: no control characters, bounded. */
export function IsPlainText(length: { min: number; max: number }): PropertyDecorator {
  return applyDecorators(
    IsString(),
    Length(length.min, length.max),
    Matches(PLAIN_TEXT, { message: 'has a control character' }),
  );
}

/** A list of such texts, each of 1 to `maxChars` characters. */
export function ArePlainTexts(limits: { maxCount: number; maxChars: number }): PropertyDecorator {
  return applyDecorators(
    IsArray(),
    ArrayMaxSize(limits.maxCount),
    IsString({ each: true }),
    Length(1, limits.maxChars, { each: true }),
    Matches(PLAIN_TEXT, { each: true, message: 'has a control character' }),
  );
}

/** Names of groups, as many as one member may have. */
export function AreGroups(): PropertyDecorator {
  return applyDecorators(
    IsArray(),
    ArrayMaxSize(MAX_GROUP_COUNT),
    MaxLength(MAX_GROUP_CHARS, { each: true }),
    Matches(/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/, { each: true, message: 'is not a group' }),
  );
}

export function IsDigest(): PropertyDecorator {
  return Matches(/^b3:[0-9a-f]{64}$/, { message: 'must be b3: and 64 lower-case hex digits' });
}

export function IsPeerId(): PropertyDecorator {
  return Matches(/^[a-z2-7]{32}-[a-z2-7]{4}$/, { message: 'is not a peer id' });
}

/** A name or a digest; which of them, and whether there is one, is found out later. */
export function IsFileRef(): PropertyDecorator {
  return applyDecorators(IsString(), Length(1, MAX_NAME_BYTES));
}

/** An address or a host name, as it stands in `HOST:PORT`. */
export function IsHost(): PropertyDecorator {
  return ValidateBy({
    name: 'isHost',
    validator: {
      validate: (value) => typeof value === 'string' && isHost(value),
      defaultMessage: () => 'must be an address or a host name',
    },
  });
}

function isHost(host: string): boolean {
  try {
    return parseEndpoint(formatEndpoint({ host, port: 1 })).host === host;
  } catch {
    return false;
  }
}

/** A whole number; both ends are included. */
export function IsIntBetween(min: number, max: number): PropertyDecorator {
  return applyDecorators(IsInt(), Min(min), Max(max));
}

/** 1 to MAX_FILES_PER_MESSAGE entries, each validated. */
export function IsFileList(entry: () => new () => object): PropertyDecorator {
  return applyDecorators(
    IsArray(),
    ArrayMinSize(1),
    ArrayMaxSize(MAX_FILES_PER_MESSAGE),
    AreEntries(entry),
  );
}

/** base64 of at most MAX_HASHES_PER_MESSAGE chunk hashes. */
export function IsHashes(): PropertyDecorator {
  return applyDecorators(
    IsString(),
    MaxLength(4 * Math.ceil((MAX_HASHES_PER_MESSAGE * HASH_BYTES) / 3)),
  );
}
