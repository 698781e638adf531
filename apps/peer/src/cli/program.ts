import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiledPartFailure, reportCompiledPart } from './compiled-part.js';
import type { PackageFacts } from './short-config.js';
import type { StartableCommand } from './start-command.js';

/** Every command, under each of its names. Only the one that is started is loaded. */
export const COMMANDS: Readonly<Record<string, () => Promise<{ default: StartableCommand }>>> = {
  download: () => import('../commands/download.js'),
  doctor: () => import('../commands/doctor.js'),
  info: () => import('../commands/info.js'),
  join: () => import('../commands/join.js'),
  list: () => import('../commands/list.js'),
  locations: () => import('../commands/info.js'),
  seed: () => import('../commands/seed.js'),
  share: () => import('../commands/share.js'),
  shell: () => import('../commands/shell.js'),
  show: () => import('../commands/list.js'),
  status: () => import('../commands/status.js'),
  unshare: () => import('../commands/unshare.js'),
  verify: () => import('../commands/verify.js'),
};

/** Does what the arguments say; `root` is the folder of the peer's package.json. Starting is most of
 *  what a short command does, so that the usual ways are short: help, and what no command is called,
 *  are left to all of oclif. */
export async function runProgram(root: string, argv: readonly string[]): Promise<void> {
  // npm has compared Node's version with ours; oclif would load a package to do it at every start.
  process.env['OCLIF_DISABLE_ENGINE_WARNING'] ??= '1';
  const [id = '', ...rest] = argv;
  const load = Object.hasOwn(COMMANDS, id) ? COMMANDS[id] : undefined;
  if (id === '--version') {
    const { name, version } = packageFacts(root);
    const { platform, arch } = process;
    process.stdout.write(`${name}/${version} ${platform}-${arch} node-${process.version}\n`);
  } else if (load === undefined || asksForHelp(rest)) {
    const { execute } = await import('@oclif/core');
    // Without this, oclif would run code that a package.json in the user's data folder names.
    const loadOptions = { root, userPlugins: false, devPlugins: false };
    await execute({ args: [...argv], loadOptions });
  } else {
    const missing = compiledPartFailure();
    if (missing !== undefined) {
      reportCompiledPart(missing, argv);
      return;
    }
    const [{ startCommand }, { default: command }] = await Promise.all([
      import('./start-command.js'),
      load(),
    ]);
    await startCommand(command, { id, argv: rest, root, facts: packageFacts(root) });
  }
}

function packageFacts(root: string): PackageFacts {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PackageFacts;
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const flags = end === -1 ? args : args.slice(0, end);
  return flags.includes('--help') || flags.includes('-h');
}
