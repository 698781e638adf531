import { PeerCommand } from '../cli/peer-command.js';
import { renderInfo, toInfoData, type InfoData } from '../cli/render-info.js';
import { textArgument } from '../cli/text-argument.js';
import { NetworkLookup } from '../engine/lookup/network-lookup.js';

export default class Info extends PeerCommand {
  static override aliases = ['locations'];
  static override summary = 'one file: digest, chunks, and what each peer has of it';
  static override args = {
    name: textArgument({ description: 'a name or a b3:… digest', required: true }),
  };

  async run(): Promise<InfoData> {
    const { args, flags } = await this.parse(Info);
    const home = await this.openHome(flags);
    using lookup = new NetworkLookup(home, this.settings(flags, home).network);
    const result = toInfoData(await lookup.info(args.name, { signal: this.signal }));
    this.log(renderInfo(result));
    return result;
  }
}
