import { hostname } from 'node:os';
import { Flags } from '@oclif/core';
import { PeerCommand } from '../cli/peer-command.js';
import { printable } from '../cli/printable.js';
import { textArgument } from '../cli/text-argument.js';
import { unshareFiles, type UnsharedFile } from '../engine/share/unshare-files.js';

export default class Unshare extends PeerCommand {
  static override summary = 'stop offering names, in every process of this home';
  static override strict = false;
  static override args = {
    name: textArgument({ description: 'names', required: true }),
  };
  static override flags = {
    purge: Flags.boolean({
      description: 'also remove the names from the tracker, when this peer published them',
    }),
  };

  async run(): Promise<{ files: UnsharedFile[] }> {
    const { argv, flags } = await this.parse(Unshare);
    const home = await this.openHome(flags);
    const { network } = this.settings(flags, home);
    const files = await unshareFiles(home, argv as string[], {
      network,
      naming: flags.purge ? 'purge' : 'keep',
      programVersion: this.config.version,
      hostname: hostname(),
      signal: this.signal,
    });
    for (const { name } of files) this.log(printable(`no longer sharing ${name}`));
    return { files };
  }
}
