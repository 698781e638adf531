import { Flags } from '@oclif/core';
import { PeerCommand } from '../cli/peer-command.js';
import { ProgressView } from '../cli/progress-view.js';
import { renderDownload } from '../cli/render-download.js';
import { runExec } from '../cli/run-exec.js';
import { parseSeedFor, waitToSeed } from '../cli/seed-for.js';
import { servingFlags } from '../cli/session-flags.js';
import { textArgument } from '../cli/text-argument.js';
import { durationFlag, rateFlag } from '../cli/value-flags.js';
import { TransferError } from '../core/transfer-error.js';
import type { DownloadReport } from '../engine/download/download-job.js';
import { DownloadRun } from '../engine/download/download-run.js';
import { PeerSession } from '../engine/peer-session.js';
import { toFiles } from '../cli/download-outcome.js';

export default class Download extends PeerCommand {
  static override summary = 'fetch files from many peers at once';
  static override strict = false;
  static override args = {
    name: textArgument({
      description: 'names, prefixes ending in /, or b3:… digests',
      required: true,
    }),
  };
  static override flags = {
    ...servingFlags,
    output: Flags.string({
      char: 'o',
      helpValue: 'PATH',
      description: 'target file or folder (default: here); - streams one file to stdout',
    }),
    seed: Flags.string({
      default: 'none',
      helpValue: 'none|DURATION|forever',
      description: 'how long to go on serving afterwards',
    }),
    down: rateFlag({ description: 'most to fetch, all peers together (default: no limit)' }),
    'max-peers': Flags.integer({
      min: 1,
      max: 500,
      description: 'peers to connect to for each file (default: 40)',
    }),
    force: Flags.boolean({ description: 'overwrite what exists' }),
    timeout: durationFlag({ description: 'give up after so long without a byte (default: never)' }),
    exec: Flags.string({
      helpValue: 'COMMAND',
      description: 'run once when all is in place, with SHOAL_PATHS',
    }),
  };

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Download);
    const requests = argv as string[];
    const seedFor = parseSeedFor(flags.seed);
    const isStream = flags.output === '-';
    if (isStream && (requests.length > 1 || requests[0]!.endsWith('/'))) {
      throw new TransferError('USAGE', '-o - takes one file');
    }
    if (isStream && (seedFor > 0 || flags.exec !== undefined)) {
      throw new TransferError('USAGE', '-o - leaves no file for --seed or --exec');
    }
    if (isStream && this.jsonEnabled()) {
      throw new TransferError('USAGE', '-o - and --json both need stdout');
    }
    const home = await this.openHome(flags);
    const config = this.peerConfig(flags, home, { maxPeerCount: flags['max-peers'] });
    const shown: { view?: ProgressView; run?: DownloadRun } = {};
    await using session = await PeerSession.open(home, config, (event) => {
      // Until a file is found there is nothing to go on with.
      if (event.type === 'trackerLost' && shown.run?.hasFound !== true) return;
      shown.view?.clear();
      this.sayEvent(event, flags);
    });
    const options = {
      requests,
      output: flags.output,
      cwd: process.cwd(),
      existingFile: flags.force ? ('replace' as const) : ('refuse' as const),
      timeoutMs: flags.timeout,
    };
    const run = new DownloadRun(session, options, (progress) => shown.view?.finished(progress));
    shown.run = run;
    using view = await ProgressView.open(flags.progress, () => run.progress);
    shown.view = view;
    if (isStream) {
      await run.toStream(process.stdout, { signal: this.signal });
      return;
    }
    const reports = toFiles(await run.toFiles({ signal: this.signal }));
    view.close();
    await this.report(reports, flags.exec);
    await waitToSeed(seedFor, { signal: this.signal });
  }

  private async report(
    reports: readonly DownloadReport[],
    exec: string | undefined,
  ): Promise<void> {
    this.publish({ files: reports });
    this.log(renderDownload(reports));
    if (exec === undefined) return;
    await runExec(
      exec,
      reports.map((report) => report.path),
    );
  }
}
