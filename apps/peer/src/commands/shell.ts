import { toFailure } from '../cli/command-failure.js';
import { toErrorObject } from '../cli/render-error.js';
import { LineReader } from '../cli/line-reader.js';
import { PeerCommand } from '../cli/peer-command.js';
import type { ProgressView } from '../cli/progress-view.js';
import { servingFlags } from '../cli/session-flags.js';
import { Shell } from '../cli/shell.js';
import { StoppedBySignal } from '../cli/stop-signal.js';
import { NetworkLookup } from '../engine/lookup/network-lookup.js';
import { PeerSession } from '../engine/peer-session.js';

export default class ShellCommand extends PeerCommand {
  static override summary = 'the interactive client: show, share N FILE..., download NAME, exit';
  static override flags = { ...servingFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(ShellCommand);
    const home = await this.openHome(flags);
    const config = this.peerConfig(flags, home);
    let view: ProgressView | undefined;
    await using session = await PeerSession.open(home, config, (event) => {
      view?.clear();
      this.sayEvent(event, flags);
    });
    using lookup = new NetworkLookup(home, config.network);
    const shell = new Shell({
      session,
      lookup,
      cwd: process.cwd(),
      progress: flags.progress,
      onView: (shown) => (view = shown),
    });
    await this.converse(shell);
  }

  /** One line after the other until exit, the end of the input, or Ctrl-C at the prompt. */
  private async converse(shell: Shell): Promise<void> {
    let command: AbortController | undefined;
    using reader = new LineReader('shoal> ', () => {
      if (command === undefined) reader.close();
      else command.abort(new StoppedBySignal('SIGINT'));
    });
    this.signal.addEventListener('abort', () => {
      command?.abort(this.signal.reason);
      reader.close();
    });
    let line: string | undefined;
    while ((line = await reader.next()) !== undefined) {
      command = new AbortController();
      try {
        const answer = await shell.execute(line, { signal: command.signal });
        if (answer === undefined) return;
        if (this.jsonEnabled()) this.publishEvent({ ok: true, data: answer.data });
        else if (answer.text !== '') this.log(answer.text);
      } catch (error) {
        const failure = toFailure(error);
        if (this.jsonEnabled()) this.publishEvent(toErrorObject(failure));
        else this.sayFailure(failure);
      }
      command = undefined;
      this.signal.throwIfAborted();
    }
    this.signal.throwIfAborted();
  }
}
