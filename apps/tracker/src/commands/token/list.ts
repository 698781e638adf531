import { Flags } from '@oclif/core';
import { loadMembership } from '../../cli/load-tracker.js';
import { renderMembership } from '../../cli/render-members.js';
import { TrackerCommand } from '../../cli/tracker-command.js';
import type { MembershipList } from '../../membership/membership-desk.js';

export default class TokenList extends TrackerCommand {
  static override summary = 'list invites, members and admin tokens; no token is shown';

  static override flags = {
    data: Flags.string({
      env: 'SHOAL_DATA',
      description: "folder that holds tracker.db (default: the user's data folder for Shoal)",
    }),
  };

  async run(): Promise<MembershipList> {
    const { flags } = await this.parse(TokenList);
    const { MembershipDesk } = await loadMembership();
    using desk = await MembershipDesk.open(flags.data ?? this.config.dataDir);
    const list = await desk.list(Date.now());
    this.log(renderMembership(list));
    return list;
  }
}
