import { Command } from '@oclif/core';
import { toCommandError } from './command-error.js';
import { renderError } from './render-error.js';

/** What every command of the tracker shares: `--json`, and errors with their exit codes. */
export abstract class TrackerCommand extends Command {
  static override enableJsonFlag = true;

  protected override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json)}\n`);
  }

  protected override toSuccessJson(result: unknown): unknown {
    return { ok: true, data: result };
  }

  /** Results are printed as they come; an error is printed here, once. */
  protected override catch(error: unknown): Promise<never> {
    const failure = toCommandError(error);
    if (this.jsonEnabled()) process.stdout.write(`${renderError(failure, 'json')}\n`);
    else process.stderr.write(`${renderError(failure, 'text')}\n`);
    if (failure.code === 'INTERNAL' && failure.cause instanceof Error) {
      process.stderr.write(`${failure.cause.stack ?? ''}\n`);
    }
    this.exit(failure.exitCode);
  }
}
