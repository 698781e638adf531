import { Flags } from '@oclif/core';
import { parseInviteTerms } from '../cli/invite-terms.js';
import { loadMembership } from '../cli/load-tracker.js';
import { renderTerms } from '../cli/render-members.js';
import { TrackerCommand } from '../cli/tracker-command.js';
import type { MadeInvite } from '../membership/membership-desk.js';

export default class Invite extends TrackerCommand {
  static override summary =
    'make an invite and print the line for `peer join`; it is shown this once';

  static override flags = {
    role: Flags.string({
      default: 'publisher',
      helpValue: 'reader|publisher|admin',
      description: 'what those who join by it may do',
    }),
    expires: Flags.string({
      default: 'never',
      helpValue: 'DURATION|never',
      description: 'how long it is valid, and with it the membership of those who joined by it',
    }),
    uses: Flags.string({
      helpValue: 'N',
      description: 'how many may join by it (default: no limit)',
    }),
    group: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'GROUP',
      description: 'group of those who join by it; may be given several times',
    }),
    data: Flags.string({
      env: 'SHOAL_DATA',
      description: "folder that holds tracker.db (default: the user's data folder for Shoal)",
    }),
  };

  async run(): Promise<MadeInvite> {
    const { flags } = await this.parse(Invite);
    const { role, expires, uses, group = [] } = flags;
    const terms = parseInviteTerms({ role, expires, uses, group }, Date.now());
    const { MembershipDesk } = await loadMembership();
    using desk = await MembershipDesk.open(flags.data ?? this.config.dataDir);
    const made = await desk.invite(terms);
    this.log(made.invite);
    if (!this.jsonEnabled()) process.stderr.write(`${renderTerms(made)}\n`);
    return made;
  }
}
