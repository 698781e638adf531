import { join } from 'node:path';
import type { Endpoint } from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import type { KnownNetworks } from '../engine/membership/known-networks.js';
import type { NetworkAccess } from '../engine/membership/network-access.js';
import { parseRate } from './byte-size.js';
import { chooseNetwork } from './network-choice.js';
import { checked, toEndpoint, toGrace } from './value-flags.js';

/** What `config.json` may say. Source: README, "Configuration". */
const FILE_KEYS = ['tracker', 'insecure', 'listen', 'advertise', 'up', 'down', 'offline-grace'];
/** Where others may connect: everywhere once they have to prove who they are, else this machine. */
const DEFAULT_LISTEN: Readonly<Record<NetworkAccess['mode'], Endpoint>> = {
  pinned: { host: '0.0.0.0', port: 0 },
  open: { host: '127.0.0.1', port: 0 },
};
const DEFAULT_OFFLINE_GRACE_MS = 60 * 60_000;

/** What flags and environment may say; undefined where they say nothing. */
export interface SettingFlags {
  readonly tracker?: string | undefined;
  readonly insecure?: boolean | undefined;
  readonly listen?: Endpoint | undefined;
  readonly advertise?: Endpoint | undefined;
  readonly up?: number | undefined;
  readonly down?: number | undefined;
  readonly 'offline-grace'?: number | undefined;
}

export interface Settings {
  readonly network: NetworkAccess;
  readonly listen: Endpoint;
  readonly advertise: Endpoint | undefined;
  readonly upBytesPerSecond: number;
  readonly downBytesPerSecond: number;
}

/** The folder that `--home` defaults to, below the user's data folder for Shoal. */
export function defaultHome(dataFolder: string): string {
  return join(dataFolder, 'peer');
}

/** Whether connections are to be encrypted. Throws TransferError USAGE for a bad file. */
export function modeOf(flags: SettingFlags, file: Record<string, unknown>): NetworkAccess['mode'] {
  assertKnownKeys(file);
  return (flags.insecure ?? yesOf(file, 'insecure')) ? 'open' : 'pinned';
}

/** Flag, environment, configuration file, default, in that order. Throws TransferError USAGE for a
 *  value that cannot be, and what {@link chooseNetwork} throws. */
export function resolveSettings(
  flags: SettingFlags,
  file: Record<string, unknown>,
  known: KnownNetworks,
): Settings {
  const mode = modeOf(flags, file);
  const value = <T>(key: string, parse: (text: string) => T) =>
    named(key, textOf(file, key), parse);
  const rate = (key: string) =>
    value(key, (text) => checked(parseRate(text), text, 'a rate')) ?? Infinity;
  const offlineGraceMs =
    flags['offline-grace'] ?? value('offline-grace', toGrace) ?? DEFAULT_OFFLINE_GRACE_MS;
  const tracker = flags.tracker ?? textOf(file, 'tracker');
  const others = {
    listen: flags.listen ?? value('listen', toEndpoint) ?? DEFAULT_LISTEN[mode],
    advertise: flags.advertise ?? value('advertise', toEndpoint),
    upBytesPerSecond: flags.up ?? rate('up'),
    downBytesPerSecond: flags.down ?? rate('down'),
  };
  // Last: a bad value is told of whether or not there is a network.
  return { network: chooseNetwork({ tracker, mode, offlineGraceMs }, known), ...others };
}

/** What a value of the configuration file means; an error names its key. */
function named<T>(key: string, value: string | undefined, parse: (text: string) => T) {
  if (value === undefined) return undefined;
  try {
    return parse(value);
  } catch (cause) {
    const message = `config.json: "${key}": ${(cause as Error).message}`;
    throw new TransferError('USAGE', message, { cause });
  }
}

/** A misspelt key would be a setting that is silently not set. */
function assertKnownKeys(file: Record<string, unknown>): void {
  const unknown = Object.keys(file).find((key) => !FILE_KEYS.includes(key));
  if (unknown === undefined) return;
  const message = `config.json: there is no setting "${unknown}", but ${FILE_KEYS.join(', ')}`;
  throw new TransferError('USAGE', message);
}

function yesOf(file: Record<string, unknown>, key: string): boolean {
  const value = file[key] ?? false;
  if (typeof value === 'boolean') return value;
  throw new TransferError('USAGE', `config.json: "${key}" must be true or false`);
}

function textOf(file: Record<string, unknown>, key: string): string | undefined {
  const value = file[key];
  if (value === undefined || typeof value === 'string') return value;
  throw new TransferError('USAGE', `config.json: "${key}" must be a text`);
}
