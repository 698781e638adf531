import { formatEndpoint } from '#protocol';
import { toInvite } from '../cli/network-choice.js';
import { PeerCommand } from '../cli/peer-command.js';
import { renderJoin, type JoinData } from '../cli/render-join.js';
import { modeOf } from '../cli/settings.js';
import { textArgument } from '../cli/text-argument.js';
import { TransferError } from '../core/transfer-error.js';
import { joinNetwork } from '../engine/membership/join-network.js';

export default class Join extends PeerCommand {
  static override summary = 'become a member of the network of an invite, and remember it';
  static override args = {
    invite: textArgument({
      description: 'shoal://…, as "tracker start" or "tracker invite" printed it',
      required: true,
    }),
  };

  async run(): Promise<JoinData> {
    const { args, flags } = await this.parse(Join);
    const invite = toInvite(args.invite);
    const home = await this.openHome(flags);
    if (modeOf(flags, home.config) === 'open') {
      const message = 'without encryption there is nothing to join: leave --insecure out';
      throw new TransferError('USAGE', message);
    }
    const { role, groups } = await joinNetwork(home, invite, { signal: this.signal });
    const { tracker, fingerprint } = invite;
    const { identity } = home;
    const result = { tracker: formatEndpoint(tracker), fingerprint, identity, role, groups };
    this.log(renderJoin(result));
    return result;
  }
}
