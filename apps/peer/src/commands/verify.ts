import { HashingView } from '../cli/hashing-view.js';
import { PeerCommand } from '../cli/peer-command.js';
import { renderVerify, toMismatch } from '../cli/render-verify.js';
import { textArgument } from '../cli/text-argument.js';
import { verifyPath, type VerifyReport } from '../engine/share/verify-path.js';

export default class Verify extends PeerCommand {
  static override summary = 'check a local file against its manifest, chunk by chunk';
  static override args = {
    path: textArgument({ description: 'the local file', required: true }),
    name: textArgument({ description: 'what it should be; default: what this home knows it as' }),
  };

  async run(): Promise<VerifyReport> {
    const { args, flags } = await this.parse(Verify);
    const home = await this.openHome(flags);
    const { network } = this.settings(flags, home);
    using hashing = new HashingView(flags.progress);
    const report = await verifyPath(home, args, {
      network,
      cwd: process.cwd(),
      onProgress: (bytes) => hashing.hashed(bytes),
      signal: this.signal,
    });
    hashing.close();
    if (!report.ok) throw toMismatch(report);
    this.log(renderVerify(report));
    return report;
  }
}
