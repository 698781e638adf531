import 'reflect-metadata';
import { IsInt, IsNotEmpty, IsOptional, IsString, Max, Min, validateSync } from 'class-validator';
import { isLoopbackHost, parseEndpoint, type Endpoint } from '#protocol';
import { CommandError } from './cli/command-error.js';
import { parseDuration } from './cli/duration.js';
import { IsHost } from './rpc/dto-rules.js';

/** Injects the {@link TrackerConfig}. */
export const TRACKER_CONFIG = Symbol('TRACKER_CONFIG');

export const MIN_LEASE_MS = 1_000;
export const MAX_LEASE_MS = 24 * 60 * 60_000;
export const MIN_KEEP_MS = 60 * 60_000;
export const MAX_KEEP_MS = 36_500 * 24 * 60 * 60_000;

/** Flags and environment, as they were given. */
export interface TrackerSettings {
  readonly host: string;
  readonly port: string;
  readonly httpHost: string;
  readonly httpPort: string;
  readonly data: string;
  /** The user's own folder for Shoal. */
  readonly userFolder: string;
  readonly databaseUrl: string | undefined;
  readonly lease: string;
  readonly keepHistory: string;
  readonly keepCompletions: string;
  readonly advertise: string | undefined;
  readonly insecure: boolean;
}

/** Everything a tracker can be told, validated. */
export class TrackerConfig {
  @IsHost()
  readonly host!: string;

  @IsInt({ message: 'must be a whole number' })
  @Min(0, { message: 'must be 0 to 65535' })
  @Max(65_535, { message: 'must be 0 to 65535' })
  readonly port!: number;

  @IsHost()
  readonly httpHost!: string;

  @IsInt({ message: 'must be a whole number' })
  @Min(0, { message: 'must be 0 to 65535' })
  @Max(65_535, { message: 'must be 0 to 65535' })
  readonly httpPort!: number;

  @IsString()
  @IsNotEmpty({ message: 'must be a folder' })
  readonly data!: string;

  /** The user's own folder for Shoal, where this machine's peers look for a tracker. */
  @IsString()
  readonly userFolder!: string;

  @IsInt({ message: 'must be a duration such as 60s, 5m or 1h' })
  @Min(MIN_LEASE_MS, { message: 'must be 1s to 24h' })
  @Max(MAX_LEASE_MS, { message: 'must be 1s to 24h' })
  readonly leaseMs!: number;

  /** How long ended versions of names, and files that nobody needs, are remembered; null: for ever. */
  @IsOptional()
  @IsInt({ message: 'must be a duration such as 30d, or forever' })
  @Min(MIN_KEEP_MS, { message: 'must be 1h to 36500d, or forever' })
  @Max(MAX_KEEP_MS, { message: 'must be 1h to 36500d, or forever' })
  readonly keepHistoryMs!: number | null;

  /** How long it is remembered that a host that has a file no more once had it; null: for ever. */
  @IsOptional()
  @IsInt({ message: 'must be a duration such as 365d, or forever' })
  @Min(MIN_KEEP_MS, { message: 'must be 1h to 36500d, or forever' })
  @Max(MAX_KEEP_MS, { message: 'must be 1h to 36500d, or forever' })
  readonly keepCompletionsMs!: number | null;

  /** What invites name. A port of 0 stands for the one that is listened on. */
  @IsOptional()
  readonly advertise?: Endpoint;

  /** `secured`: encrypted, for members only. */
  readonly access!: 'secured' | 'open';
}

/** How each setting is called where it is given. */
const SETTING_NAMES: Readonly<Record<string, string>> = {
  host: '--host (SHOAL_HOST)',
  port: '--port (SHOAL_PORT)',
  httpHost: '--http-host (SHOAL_HTTP_HOST)',
  httpPort: '--http-port (SHOAL_HTTP_PORT)',
  data: '--data (SHOAL_DATA)',
  leaseMs: '--lease (SHOAL_LEASE)',
  keepHistoryMs: '--keep-history (SHOAL_KEEP_HISTORY)',
  keepCompletionsMs: '--keep-completions (SHOAL_KEEP_COMPLETIONS)',
};

/** Throws CommandError USAGE that names the bad setting. */
export function toTrackerConfig(settings: TrackerSettings): TrackerConfig {
  if (settings.databaseUrl !== undefined) {
    const message =
      '--database-url (SHOAL_DATABASE_URL): only the embedded SQLite is supported in this version';
    throw new CommandError('USAGE', message);
  }
  const advertise = toAdvertise(settings.advertise);
  const config = Object.assign(new TrackerConfig(), {
    host: settings.host,
    port: toNumber(settings.port),
    httpHost: settings.httpHost,
    httpPort: toNumber(settings.httpPort),
    data: settings.data,
    userFolder: settings.userFolder,
    leaseMs: parseDuration(settings.lease),
    keepHistoryMs: toKeepMs(settings.keepHistory),
    keepCompletionsMs: toKeepMs(settings.keepCompletions),
    ...(advertise === undefined ? {} : { advertise }),
    access: settings.insecure ? 'open' : 'secured',
  });
  const [error] = validateSync(config, { stopAtFirstError: true });
  if (error !== undefined) {
    const [reason] = Object.values(error.constraints ?? {});
    const message = `${SETTING_NAMES[error.property] ?? error.property}: ${reason ?? 'not valid'}`;
    throw new CommandError('USAGE', message);
  }
  return config;
}

/** Settings that open the tracker to more than this machine: each deserves a warning. */
export function openAddresses(config: TrackerConfig): string[] {
  return [config.host, config.httpHost].filter((host) => !isLoopbackHost(host));
}

/** Not a number for what is neither a duration nor `forever`. */
function toKeepMs(text: string): number | null {
  return text === 'forever' ? null : (parseDuration(text) ?? Number.NaN);
}

/** Digits only: an empty text is no 0. */
function toNumber(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}

function toAdvertise(text: string | undefined): Endpoint | undefined {
  if (text === undefined) return undefined;
  for (const candidate of [text, `${text}:0`, `[${text}]:0`]) {
    try {
      return parseEndpoint(candidate);
    } catch {
      continue;
    }
  }
  const message = '--advertise (SHOAL_ADVERTISE): must be HOST or HOST:PORT';
  throw new CommandError('USAGE', message);
}
