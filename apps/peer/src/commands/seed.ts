import { PeerCommand } from '../cli/peer-command.js';
import { renderReady, toReadyEvent } from '../cli/render-ready.js';
import { servingFlags } from '../cli/session-flags.js';
import { watchLibrary } from '../engine/share/library-watch.js';
import { PeerSession } from '../engine/peer-session.js';
import { seedLibrary } from '../engine/share/share-files.js';

export default class Seed extends PeerCommand {
  static override summary = 'serve everything that was shared or downloaded here, until stopped';
  static override flags = { ...servingFlags };

  protected override readonly signalMeans = 'done';

  async run(): Promise<void> {
    const { flags } = await this.parse(Seed);
    const home = await this.openHome(flags);
    const config = this.peerConfig(flags, home);
    const observe = (event: Parameters<typeof this.sayEvent>[0]) => this.sayEvent(event, flags);
    await using session = await PeerSession.open(home, config, observe);
    const files = await seedLibrary(session, {
      onLost: (name, error) => this.say(`not serving ${name}: ${error.message}`),
      signal: this.signal,
    });
    if (files.length === 0) this.say('there is nothing to serve');
    watchLibrary(session, observe, { signal: this.signal });
    if (this.jsonEnabled()) this.publishEvent(toReadyEvent(session.endpoint, files));
    else this.log(renderReady(session.endpoint, files));
    await this.stop.received();
  }
}
