import { Command, Flags } from '@oclif/core';
import { openHome, type Home } from '../engine/open-home.js';
import type { SessionEvent } from '../engine/session-event.js';
import { toFailure } from './command-failure.js';
import { EXIT_CODES } from './exit-codes.js';
import { printable } from './printable.js';
import { renderError } from './render-error.js';
import { renderSessionEvent } from './render-session-event.js';
import { defaultHome, resolveSettings, type SettingFlags, type Settings } from './settings.js';
import { StopSignal } from './stop-signal.js';

export type ProgressMode = 'auto' | 'bar' | 'json' | 'none';

/** What every command of the peer shares: flags, signals, `--json`, errors with exit codes. */
export abstract class PeerCommand extends Command {
  static override enableJsonFlag = true;

  static override baseFlags = {
    tracker: Flags.string({
      helpGroup: 'GLOBAL',
      helpValue: 'HOST:PORT',
      env: 'SHOAL_TRACKER',
      description: 'tracker to use; several, separated by commas, are tried in turn',
    }),
    home: Flags.string({
      helpGroup: 'GLOBAL',
      helpValue: 'FOLDER',
      env: 'SHOAL_HOME',
      description: 'folder with the key, the configuration and the library',
    }),
    insecure: Flags.boolean({
      helpGroup: 'GLOBAL',
      env: 'SHOAL_INSECURE',
      description: 'accept addresses beyond this machine without encryption',
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

  protected readonly stop = new StopSignal();
  private isPublished = false;

  protected get signal(): AbortSignal {
    return this.stop.signal;
  }

  protected openHome(flags: { home?: string | undefined }): Promise<Home> {
    return openHome(flags.home ?? defaultHome(this.config.dataDir));
  }

  protected settings(flags: SettingFlags, home: Home): Settings {
    return resolveSettings(flags, home.config);
  }

  /** Prints `data` as this command's one JSON object now, rather than when it ends. */
  protected publish(data: unknown): void {
    if (!this.jsonEnabled() || this.isPublished) return;
    this.isPublished = true;
    process.stdout.write(`${JSON.stringify({ ok: true, data })}\n`);
  }

  /** Like {@link publish}, for the events of commands that run until they are stopped. */
  protected publishEvent(event: object): void {
    this.isPublished = true;
    process.stdout.write(`${JSON.stringify(event)}\n`);
  }

  /** A line for people, on stderr; strangers' text in it is made harmless. */
  protected say(line: string): void {
    process.stderr.write(`${printable(line)}\n`);
  }

  /** Shows what a session tells: as JSON or text, the chatty events only when asked for. */
  protected sayEvent(
    event: SessionEvent,
    flags: { progress: ProgressMode; verbose: boolean },
  ): void {
    if (event.type === 'waiting' && flags.progress === 'json') {
      const { name, reason } = event;
      process.stderr.write(`${JSON.stringify({ event: 'waiting', name, reason })}\n`);
      return;
    }
    const line = renderSessionEvent(event, flags.verbose ? 'all' : 'important');
    if (line !== undefined) this.say(line);
  }

  protected override logJson(json: unknown): void {
    if (!this.isPublished) process.stdout.write(`${JSON.stringify(json)}\n`);
  }

  protected override toSuccessJson(result: unknown): unknown {
    return { ok: true, data: result };
  }

  /** Results are printed as they come; an error is printed here, once. */
  protected override catch(error: Error): Promise<never> {
    const failure = toFailure(error);
    if (failure.exit === EXIT_CODES.fault) process.stderr.write(`${error.stack ?? ''}\n`);
    if (this.jsonEnabled()) this.logJson(JSON.parse(renderError(failure, 'json')));
    if (!this.jsonEnabled() || this.isPublished) {
      process.stderr.write(`${renderError(failure, 'text')}\n`);
    }
    this.exit(failure.exit);
  }

  protected override finally(): Promise<void> {
    this.stop[Symbol.dispose]();
    return Promise.resolve();
  }
}
