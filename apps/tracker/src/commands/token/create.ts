import { Flags } from '@oclif/core';
import { loadAdminToken } from '../../cli/load-tracker.js';
import { TrackerCommand } from '../../cli/tracker-command.js';
import type { AdminTokenReport } from '../../operator/create-admin-token.js';

export default class TokenCreate extends TrackerCommand {
  static override summary = "make an admin token for the operators' side; it is shown this once";

  static override flags = {
    label: Flags.string({ default: '', description: 'what it is for, as `token list` shows it' }),
    expires: Flags.string({
      default: 'never',
      helpValue: 'DURATION|never',
      description: 'how long it is valid',
    }),
    data: Flags.string({
      env: 'SHOAL_DATA',
      description: "folder that holds tracker.db (default: the user's data folder for Shoal)",
    }),
  };

  async run(): Promise<AdminTokenReport> {
    const { flags } = await this.parse(TokenCreate);
    const { label, expires } = flags;
    const { createAdminToken } = await loadAdminToken();
    const folder = flags.data ?? this.config.dataDir;
    const report = await createAdminToken({ folder, label, expires });
    this.log(report.token);
    if (!this.jsonEnabled()) {
      const end = report.expiresAt === null ? 'until it is revoked' : `until ${report.expiresAt}`;
      process.stderr.write(`admin token ${report.id}, valid ${end}; it is not shown again\n`);
    }
    return report;
  }
}
