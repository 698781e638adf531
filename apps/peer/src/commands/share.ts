import { Flags } from '@oclif/core';
import { PeerCommand } from '../cli/peer-command.js';
import { renderReady, toReadyEvent } from '../cli/render-ready.js';
import { servingFlags } from '../cli/session-flags.js';
import { HashingView } from '../cli/hashing-view.js';
import { textArgument } from '../cli/text-argument.js';
import { groupsFlag } from '../cli/value-flags.js';
import { TransferError } from '../core/transfer-error.js';
import { watchLibrary } from '../engine/share/library-watch.js';
import { PeerSession } from '../engine/peer-session.js';
import type { SessionEvent } from '../engine/session-event.js';
import { shareFiles } from '../engine/share/share-files.js';

export default class Share extends PeerCommand {
  static override summary = 'hash, register and serve files or folders until stopped';
  static override strict = false;
  static override args = {
    path: textArgument({ description: 'files and folders', required: true }),
  };
  static override flags = {
    ...servingFlags,
    name: Flags.string({ description: 'what one file is called, instead of its base name' }),
    prefix: Flags.string({ description: 'put before every name' }),
    allow: groupsFlag({
      description: 'only members of this group may have the files by these names; may be repeated',
    }),
    'new-version': Flags.boolean({ description: 'let a taken name point to this content now' }),
  };

  protected override readonly signalMeans = 'done';

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Share);
    const home = await this.openHome(flags);
    const config = this.peerConfig(flags, home);
    if (flags.allow !== undefined && config.network.mode === 'open') {
      throw new TransferError('USAGE', '--allow takes members, and --insecure has none');
    }
    let isServing = false;
    const observe = (event: SessionEvent) => {
      // Until then a tracker that is away ends the command, which says so itself.
      if (isServing || event.type !== 'trackerLost') this.sayEvent(event, flags);
    };
    await using session = await PeerSession.open(home, config, observe);
    using hashing = new HashingView(flags.progress);
    const files = await shareFiles(
      session,
      { paths: argv as string[], name: flags.name, prefix: flags.prefix, cwd: process.cwd() },
      {
        naming: flags['new-version'] ? 'replace' : 'publish',
        allow: flags.allow,
        onHashed: (hashedBytes) => hashing.hashed(hashedBytes),
        signal: this.signal,
      },
    );
    hashing.close();
    isServing = true;
    watchLibrary(session, observe, { signal: this.signal });
    if (this.jsonEnabled()) this.publishEvent(toReadyEvent(session.endpoint, files));
    else this.log(renderReady(session.endpoint, files));
    await this.stop.received();
  }
}
