import { PeerCommand } from '../cli/peer-command.js';
import { renderList, toListedFile, type ListData } from '../cli/render-list.js';
import { textArgument } from '../cli/text-argument.js';
import { NetworkLookup } from '../engine/lookup/network-lookup.js';

export default class List extends PeerCommand {
  static override aliases = ['show'];
  static override summary = "the network's files, with who has them";
  static override args = {
    prefix: textArgument({ description: 'only names that begin like this' }),
  };

  async run(): Promise<ListData> {
    const { args, flags } = await this.parse(List);
    const home = await this.openHome(flags);
    using lookup = new NetworkLookup(home, this.settings(flags, home).network);
    const files = await lookup.list(args.prefix ?? '', { signal: this.signal });
    const result = { total: files.length, files: files.map(toListedFile) };
    this.log(renderList(result));
    return result;
  }
}
