import { Args, Flags } from '@oclif/core';
import { loadMembership } from '../../cli/load-tracker.js';
import { renderRevocation } from '../../cli/render-members.js';
import { TrackerCommand } from '../../cli/tracker-command.js';
import type { ChangeReport } from '../../membership/membership-desk.js';

export default class TokenRevoke extends TrackerCommand {
  static override summary =
    'revoke an invite with all who joined by it, a member, or an admin token';

  static override args = {
    id: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'of an invite or an admin token, or the identity of a member',
    }),
  };

  static override flags = {
    data: Flags.string({
      env: 'SHOAL_DATA',
      description: "folder that holds tracker.db (default: the user's data folder for Shoal)",
    }),
  };

  async run(): Promise<ChangeReport> {
    const { args, flags } = await this.parse(TokenRevoke);
    const { MembershipDesk } = await loadMembership();
    using desk = await MembershipDesk.open(flags.data ?? this.config.dataDir);
    const report = await desk.revoke(args.id, Date.now());
    this.log(renderRevocation(report));
    return report;
  }
}
