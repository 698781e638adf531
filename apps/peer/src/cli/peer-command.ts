import { Command, Flags, type Config } from '@oclif/core';
import { formatEndpoint, isLoopbackHost } from '#protocol';
import { knownNetworks } from '../engine/membership/known-networks.js';
import { openHome, type Home } from '../engine/open-home.js';
import type { SessionEvent } from '../engine/session-event.js';
import { toFailure, withoutInvites, type CommandFailure } from './command-failure.js';
import type { PeerConfig } from '../engine/peer-config.js';
import { toJsonLine } from './json-line.js';
import { printable } from './printable.js';
import { renderError, toFailedEvent } from './render-error.js';
import { renderSessionEvent } from './render-session-event.js';
import { toPeerConfig } from './session-options.js';
import { defaultHome, resolveSettings, type SettingFlags, type Settings } from './settings.js';
import { StoppedBySignal, StopSignal } from './stop-signal.js';

export type ProgressMode = 'auto' | 'bar' | 'json' | 'none';

/** What every command of the peer shares: flags, signals, `--json`, errors with exit codes. */
export abstract class PeerCommand extends Command {
  static override enableJsonFlag = true;

  static override baseFlags = {
    tracker: Flags.string({
      helpGroup: 'GLOBAL',
      helpValue: 'HOST:PORT|INVITE',
      env: 'SHOAL_TRACKER',
      description:
        'tracker to use (default: that of the network joined last, else that of this machine); several, separated by commas, are tried in turn',
    }),
    home: Flags.string({
      helpGroup: 'GLOBAL',
      helpValue: 'FOLDER',
      env: 'SHOAL_HOME',
      description: "key, configuration and library (default: the user's data folder for Shoal)",
    }),
    insecure: Flags.boolean({
      helpGroup: 'GLOBAL',
      env: 'SHOAL_INSECURE',
      description: 'no encryption and no membership, with a tracker that is started so, too',
    }),
    progress: Flags.option({ options: ['auto', 'bar', 'json', 'none'] as const })({
      helpGroup: 'GLOBAL',
      default: 'auto',
      description: 'how progress is shown, on stderr',
    }),
    verbose: Flags.boolean({
      helpGroup: 'GLOBAL',
      description: 'say more, on stderr',
    }),
  };

  /** What a signal means: an early end, or, for what runs until it is stopped, the end. */
  protected readonly signalMeans: 'interrupted' | 'done' = 'interrupted';
  protected readonly stop = new StopSignal();
  private isPublished = false;

  /** Runs a command with a configuration that is complete as it is. */
  static async start(
    this: new (argv: string[], config: Config) => PeerCommand,
    id: string,
    argv: string[],
    config: Config,
  ): Promise<unknown> {
    const command = new this(argv, config);
    command.id = id;
    return command._run();
  }

  protected get signal(): AbortSignal {
    return this.stop.signal;
  }

  protected openHome(flags: { home?: string | undefined }): Promise<Home> {
    return openHome(flags.home ?? defaultHome(this.config.dataDir));
  }

  protected settings(flags: SettingFlags, home: Home): Settings {
    return resolveSettings(flags, home.config, knownNetworks(home, this.config.dataDir));
  }

  /** For the commands that serve; warns when others than this machine's programs may connect. */
  protected peerConfig(
    flags: SettingFlags,
    home: Home,
    more: { maxPeerCount?: number | undefined } = {},
  ): PeerConfig {
    const programVersion = this.config.version;
    const config = toPeerConfig(this.settings(flags, home), { ...more, programVersion });
    const { listen, network } = config;
    if (network.mode === 'open' && !isLoopbackHost(listen.host)) {
      const where = formatEndpoint(listen);
      this.say(`--insecure: whoever reaches ${where} may fetch what is served here`);
    }
    return config;
  }

  /** Prints `data` as this command's one JSON object now, rather than when it ends. */
  protected publish(data: unknown): void {
    if (!this.jsonEnabled() || this.isPublished) return;
    this.isPublished = true;
    process.stdout.write(toJsonLine({ ok: true, data }));
  }

  /** Like {@link publish}, for the events of commands that run until they are stopped. */
  protected publishEvent(event: object): void {
    this.isPublished = true;
    process.stdout.write(toJsonLine(event));
  }

  /** A line for people, on stderr; strangers' text in it is made harmless. */
  protected say(line: string): void {
    if (this.isStderrJson) process.stderr.write(toJsonLine({ event: 'notice', message: line }));
    else process.stderr.write(`${printable(line)}\n`);
  }

  /** How something failed, on stderr. */
  protected sayFailure(failure: CommandFailure): void {
    if (this.isStderrJson) process.stderr.write(toJsonLine(toFailedEvent(failure)));
    else process.stderr.write(renderError(failure, 'text'));
  }

  /** Whether stderr is for programs; also of a command line that turns out to be wrong. */
  private get isStderrJson(): boolean {
    const flags = this.argv.slice(0, (this.argv.indexOf('--') + 1 || Infinity) - 1);
    const at = flags.lastIndexOf('--progress');
    return flags.includes('--progress=json') || (at !== -1 && flags[at + 1] === 'json');
  }

  /** Shows what a session tells: as JSON or text, the chatty events only when asked for. */
  protected sayEvent(
    event: SessionEvent,
    flags: { progress: ProgressMode; verbose: boolean },
  ): void {
    if (event.type === 'waiting' && flags.progress === 'json') {
      const { name, reason } = event;
      process.stderr.write(toJsonLine({ event: 'waiting', name, reason }));
      return;
    }
    const line = renderSessionEvent(event, flags.verbose ? 'all' : 'important');
    if (line !== undefined) this.say(line);
  }

  protected override logJson(json: unknown): void {
    if (!this.isPublished) process.stdout.write(toJsonLine(json));
  }

  protected override toSuccessJson(result: unknown): unknown {
    return { ok: true, data: result };
  }

  /** Results are printed as they come; an error is printed here, once. */
  protected override catch(error: Error): Promise<never> {
    const isStopped = this.signal.aborted && error.name === 'AbortError';
    const reason: unknown = isStopped ? this.signal.reason : error;
    if (reason instanceof StoppedBySignal && this.signalMeans === 'done') this.exit(0);
    const failure = toFailure(reason);
    const isBug = failure.code === 'INTERNAL';
    if (isBug) for (const line of withoutInvites(error.stack ?? '').split('\n')) this.say(line);
    if (this.jsonEnabled() && !this.isPublished) {
      process.stdout.write(renderError(failure, 'json'));
    } else {
      this.sayFailure(failure);
    }
    this.exit(failure.exit);
  }

  protected override finally(): Promise<void> {
    this.stop[Symbol.dispose]();
    return Promise.resolve();
  }
}
