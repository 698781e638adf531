import { Flags } from '@oclif/core';
import { loadTracker } from '../cli/load-tracker.js';
import { TrackerCommand } from '../cli/tracker-command.js';
import { toTrackerConfig, type TrackerSettings } from '../tracker.config.js';

export default class Start extends TrackerCommand {
  static override summary = 'run a tracker in the foreground until SIGTERM or SIGINT';

  static override flags = {
    host: Flags.string({
      env: 'SHOAL_HOST',
      default: '127.0.0.1',
      description: "address to listen on, peers' side",
    }),
    port: Flags.string({
      env: 'SHOAL_PORT',
      default: '7070',
      description: "port of the peers' side; 0 picks a free one",
    }),
    'http-host': Flags.string({
      env: 'SHOAL_HTTP_HOST',
      default: '127.0.0.1',
      description: "address to listen on, operators' side",
    }),
    'http-port': Flags.string({
      env: 'SHOAL_HTTP_PORT',
      default: '7071',
      description: "port of the operators' side; 0 picks a free one",
    }),
    data: Flags.string({
      env: 'SHOAL_DATA',
      description: "folder that holds tracker.db (default: the user's data folder for Shoal)",
    }),
    'database-url': Flags.string({
      env: 'SHOAL_DATABASE_URL',
      description: 'refused: this version has the embedded SQLite only',
    }),
    lease: Flags.string({
      env: 'SHOAL_LEASE',
      default: '60s',
      description: 'how long a silent peer is believed',
    }),
    'keep-history': Flags.string({
      env: 'SHOAL_KEEP_HISTORY',
      default: '30d',
      helpValue: 'DURATION|forever',
      description: 'how long replaced versions, and files that nobody has or names, are remembered',
    }),
    'keep-completions': Flags.string({
      env: 'SHOAL_KEEP_COMPLETIONS',
      default: '365d',
      helpValue: 'DURATION|forever',
      description: 'how long it is remembered that a host once had a file that it has no more',
    }),
    advertise: Flags.string({
      env: 'SHOAL_ADVERTISE',
      helpValue: 'HOST[:PORT]',
      description: 'what invites name (default: the listen address)',
    }),
    insecure: Flags.boolean({
      env: 'SHOAL_INSECURE',
      description: 'no tokens, no TLS: whoever reaches it may do everything',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Start);
    const format = this.jsonEnabled() ? 'json' : 'text';
    const config = toTrackerConfig(toSettings(flags, this.config.dataDir));
    const { runTracker } = await loadTracker();
    await runTracker(config, format);
  }
}

interface StartFlags {
  readonly host: string;
  readonly port: string;
  readonly 'http-host': string;
  readonly 'http-port': string;
  readonly data: string | undefined;
  readonly 'database-url': string | undefined;
  readonly lease: string;
  readonly 'keep-history': string;
  readonly 'keep-completions': string;
  readonly advertise: string | undefined;
  readonly insecure: boolean;
}

function toSettings(flags: StartFlags, dataFolder: string): TrackerSettings {
  return {
    host: flags.host,
    port: flags.port,
    httpHost: flags['http-host'],
    httpPort: flags['http-port'],
    data: flags.data ?? dataFolder,
    userFolder: dataFolder,
    databaseUrl: flags['database-url'],
    lease: flags.lease,
    keepHistory: flags['keep-history'],
    keepCompletions: flags['keep-completions'],
    advertise: flags.advertise,
    insecure: flags.insecure,
  };
}
