import { PeerCommand } from '../cli/peer-command.js';
import { renderStatus, type StatusData } from '../cli/render-status.js';
import { textArgument } from '../cli/text-argument.js';
import { durationFlag } from '../cli/value-flags.js';
import { within } from '../cli/within.js';
import { NetworkLookup } from '../engine/lookup/network-lookup.js';

export default class Status extends PeerCommand {
  static override summary = 'which hosts have the whole file, and how far the others are';
  static override args = {
    name: textArgument({ description: 'a name or a b3:… digest', required: true }),
  };

  static override flags = {
    timeout: durationFlag({ description: 'give up when there is no answer within this time' }),
  };

  async run(): Promise<StatusData> {
    const { args, flags } = await this.parse(Status);
    const home = await this.openHome(flags);
    using lookup = new NetworkLookup(home, this.settings(flags, home).network);
    const result = await within(flags.timeout, (signal) => lookup.status(args.name, { signal }), {
      signal: this.signal,
    });
    this.log(renderStatus(result));
    return result;
  }
}
