import { Errors, flush, handle, type Config } from '@oclif/core';
import { ShortConfig, type PackageFacts } from './short-config.js';

/** The class of a command, as far as starting it goes. */
export interface StartableCommand {
  start(id: string, argv: string[], config: Config): Promise<unknown>;
}

/** Runs one command of the peer to its end, exit code included. */
export async function startCommand(
  command: StartableCommand,
  how: { id: string; argv: readonly string[]; root: string; facts: PackageFacts },
): Promise<void> {
  try {
    await command.start(how.id, [...how.argv], new ShortConfig(how.root, how.facts));
    await flush();
  } catch (error) {
    if (error instanceof Errors.ExitError) process.exit(error.oclif.exit ?? 0);
    await handle(error as Error);
  }
}
