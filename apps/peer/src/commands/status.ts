import { Args } from '@oclif/core';
import { PeerCommand } from '../cli/peer-command.js';
import { renderStatus, type StatusData } from '../cli/render-status.js';
import { NetworkLookup } from '../engine/lookup/network-lookup.js';

export default class Status extends PeerCommand {
  static override description = 'which hosts have the whole file, and how far the others are';
  static override args = {
    name: Args.string({ description: 'a name or a b3:… digest', required: true }),
  };

  async run(): Promise<StatusData> {
    const { args, flags } = await this.parse(Status);
    const settings = this.settings(flags, await this.openHome(flags));
    using lookup = new NetworkLookup(settings.trackers);
    const result = await lookup.status(args.name, { signal: this.signal });
    this.log(renderStatus(result));
    return result;
  }
}
