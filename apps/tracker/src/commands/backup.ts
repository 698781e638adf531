import { Args, Flags } from '@oclif/core';
import { StoppedBySignal } from '../cli/command-error.js';
import { loadBackup } from '../cli/load-tracker.js';
import { StopSignal } from '../cli/stop-signal.js';
import { TrackerCommand } from '../cli/tracker-command.js';
import type { BackupReport } from '../store/back-up.js';

export default class Backup extends TrackerCommand {
  static override summary =
    'copy the database, consistent and checked, while the tracker runs or not';

  static override args = {
    file: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'the new file; one that exists is never replaced',
    }),
  };

  static override flags = {
    data: Flags.string({
      env: 'SHOAL_DATA',
      description: "folder that holds tracker.db (default: the user's data folder for Shoal)",
    }),
  };

  async run(): Promise<BackupReport> {
    const { args, flags } = await this.parse(Backup);
    const { backUp } = await loadBackup();
    using stop = new StopSignal();
    const stopping = new AbortController();
    void stop.received.then((name) => stopping.abort(new StoppedBySignal(name)));
    const what = { folder: flags.data ?? this.config.dataDir, target: args.file };
    const report = await backUp(what, { signal: stopping.signal });
    this.log(`backed up to ${report.path} (${report.sizeBytes} bytes)`);
    return report;
  }
}
