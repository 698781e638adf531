import { TransferError } from '../core/transfer-error.js';
import { DownloadRun } from '../engine/download/download-run.js';
import type { NetworkLookup } from '../engine/lookup/network-lookup.js';
import type { PeerSession } from '../engine/peer-session.js';
import { shareFiles } from '../engine/share/share-files.js';
import { toFiles } from './download-outcome.js';
import type { ProgressMode } from './peer-command.js';
import { ProgressView } from './progress-view.js';
import { renderDownload } from './render-download.js';
import { renderInfo, toInfoData } from './render-info.js';
import { renderList, toListedFile } from './render-list.js';
import { renderReady, toReadyEvent } from './render-ready.js';
import { renderStatus } from './render-status.js';
import { splitWords } from './split-words.js';

export const SHELL_HELP = [
  'show [PREFIX]        the files of the network',
  'share N FILE...      share N files or folders',
  'download NAME...     download into the current folder and go on serving',
  'info NAME            one file and who has it',
  'status NAME          which hosts are done with it',
  'help                 this list',
  'exit                 stop serving and leave',
].join('\n');

export interface ShellContext {
  readonly session: PeerSession;
  readonly lookup: NetworkLookup;
  readonly cwd: string;
  readonly progress: ProgressMode;
  /** The view that event lines must make room in, while there is one. */
  onView(view: ProgressView | undefined): void;
}

/** What a line gave: for people, and for programs. */
export interface ShellAnswer {
  readonly text: string;
  readonly data: unknown;
}

/** The interactive client: one line in, text out. The session stays, whatever a line does. */
export class Shell {
  constructor(private readonly context: ShellContext) {}

  /** The answer to print; undefined ends the session. Throws for a line that fails. */
  async execute(
    line: string,
    { signal }: { signal: AbortSignal },
  ): Promise<ShellAnswer | undefined> {
    const words = splitWords(line);
    if (words === undefined) throw new TransferError('USAGE', 'a quote is left open');
    const [verb, ...args] = words;
    const { lookup } = this.context;
    switch (verb) {
      case undefined:
        return { text: '', data: null };
      case 'exit':
      case 'quit':
        return undefined;
      case 'help':
        return { text: SHELL_HELP, data: SHELL_HELP.split('\n') };
      case 'show':
      case 'list': {
        const files = await lookup.list(args[0] ?? '', { signal });
        const data = { total: files.length, files: files.map(toListedFile) };
        return { text: renderList(data), data };
      }
      case 'info': {
        const data = toInfoData(await lookup.info(oneName(verb, args), { signal }));
        return { text: renderInfo(data), data };
      }
      case 'status': {
        const data = await lookup.status(oneName(verb, args), { signal });
        return { text: renderStatus(data), data };
      }
      case 'share':
        return this.share(args, signal);
      case 'download':
        return this.download(args, signal);
      default:
        throw new TransferError('USAGE', `there is no command "${verb}"; help lists them`);
    }
  }

  private async share(args: readonly string[], signal: AbortSignal): Promise<ShellAnswer> {
    const [countText = '', ...paths] = args;
    if (!/^[1-9][0-9]*$/.test(countText)) {
      throw new TransferError('USAGE', 'share takes the number of files, then the files');
    }
    if (Number(countText) !== paths.length) {
      throw new TransferError('USAGE', `share ${countText} was followed by ${paths.length} files`);
    }
    const { session, cwd } = this.context;
    const onHashed = () => undefined;
    const options = { naming: 'publish' as const, onHashed, signal };
    const files = await shareFiles(session, { paths, cwd }, options);
    const { endpoint } = session;
    return { text: renderReady(endpoint, files), data: toReadyEvent(endpoint, files) };
  }

  private async download(requests: readonly string[], signal: AbortSignal): Promise<ShellAnswer> {
    if (requests.length === 0) throw new TransferError('USAGE', 'download takes names');
    const { session, cwd, progress } = this.context;
    const options = {
      requests,
      output: undefined,
      cwd,
      existingFile: 'refuse' as const,
      timeoutMs: undefined,
    };
    const shown: { view?: ProgressView } = {};
    const run = new DownloadRun(session, options, (last) => shown.view?.finished(last));
    using view = await ProgressView.open(progress, () => run.progress);
    shown.view = view;
    this.context.onView(view);
    try {
      const files = toFiles(await run.toFiles({ signal }));
      return { text: renderDownload(files), data: { files } };
    } finally {
      this.context.onView(undefined);
    }
  }
}

function oneName(verb: string, args: readonly string[]): string {
  const [name] = args;
  if (name === undefined || args.length > 1) {
    throw new TransferError('USAGE', `${verb} takes one name`);
  }
  return name;
}
