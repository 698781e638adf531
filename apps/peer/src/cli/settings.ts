import { join } from 'node:path';
import { formatEndpoint, isLoopbackHost, type Endpoint } from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import type { NetworkAccess } from '../engine/membership/network-access.js';
import { parseRate } from './byte-size.js';
import { checked, toEndpoint } from './value-flags.js';

const DEFAULT_TRACKER = '127.0.0.1:7070';
/** What `config.json` may say. Source: README, "Configuration". */
const FILE_KEYS = ['tracker', 'insecure', 'listen', 'advertise', 'up', 'down'];
const DEFAULT_LISTEN: Endpoint = { host: '127.0.0.1', port: 0 };

/** What flags and environment may say; undefined where they say nothing. */
export interface SettingFlags {
  readonly tracker?: string | undefined;
  readonly insecure?: boolean | undefined;
  readonly listen?: Endpoint | undefined;
  readonly advertise?: Endpoint | undefined;
  readonly up?: number | undefined;
  readonly down?: number | undefined;
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

/** Flag, environment, configuration file, default, in that order. Throws TransferError USAGE for a
 *  value that cannot be, or for an address off this machine without `insecure`. */
export function resolveSettings(flags: SettingFlags, file: Record<string, unknown>): Settings {
  assertKnownKeys(file);
  const text = (key: string) => textOf(file, key);
  const trackerText = flags.tracker ?? text('tracker') ?? DEFAULT_TRACKER;
  const isInsecure = flags.insecure ?? yesOf(file, 'insecure');
  const endpoint = (key: string) => named(key, text(key), toEndpoint);
  const rate = (key: string) =>
    named(key, text(key), (value) => checked(parseRate(value), value, 'a rate')) ?? Infinity;
  const trackers = trackerText.split(',').map((part) => toTracker(part.trim()));
  const settings: Settings = {
    network: { mode: 'open', trackers },
    listen: flags.listen ?? endpoint('listen') ?? DEFAULT_LISTEN,
    advertise: flags.advertise ?? endpoint('advertise'),
    upBytesPerSecond: flags.up ?? rate('up'),
    downBytesPerSecond: flags.down ?? rate('down'),
  };
  if (!isInsecure) assertLoopback([...trackers, settings.listen]);
  return settings;
}

function toTracker(text: string): Endpoint {
  if (text.startsWith('shoal://')) {
    throw new TransferError('USAGE', 'invites come with encryption, which this version lacks');
  }
  return toEndpoint(text);
}

function assertLoopback(endpoints: readonly Endpoint[]): void {
  const remote = endpoints.find((endpoint) => !isLoopbackHost(endpoint.host));
  if (remote === undefined) return;
  const where = formatEndpoint(remote);
  const message = `${where} reaches beyond this machine: connections are not encrypted, so that takes --insecure`;
  throw new TransferError('USAGE', message);
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
