import { Args, Flags } from '@oclif/core';
import { parseGroupList } from '../../cli/group-list.js';
import { loadMembership } from '../../cli/load-tracker.js';
import { renderGroupChange } from '../../cli/render-members.js';
import { TrackerCommand } from '../../cli/tracker-command.js';
import type { ChangeReport } from '../../membership/membership-desk.js';

export default class TokenGroups extends TrackerCommand {
  static override summary =
    'change the groups of a member, or of an invite and all who joined by it';

  static override args = {
    id: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'of an invite, or the identity of a member',
    }),
  };

  static override flags = {
    set: Flags.string({
      required: true,
      helpValue: 'GROUP,GROUP',
      description: 'all groups from now on; empty for none',
    }),
    data: Flags.string({
      env: 'SHOAL_DATA',
      description: "folder that holds tracker.db (default: the user's data folder for Shoal)",
    }),
  };

  async run(): Promise<ChangeReport & { readonly groups: readonly string[] }> {
    const { args, flags } = await this.parse(TokenGroups);
    const groups = parseGroupList(flags.set === '' ? [] : flags.set.split(','), '--set');
    const { MembershipDesk } = await loadMembership();
    using desk = await MembershipDesk.open(flags.data ?? this.config.dataDir);
    const report = await desk.setGroups(args.id, groups);
    this.log(renderGroupChange(report, groups));
    return { ...report, groups };
  }
}
