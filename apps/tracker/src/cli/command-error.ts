/** Exit codes of the tracker. Source: README, "Exit codes". */
export const EXIT_CODES = {
  ok: 0,
  fault: 1,
  usage: 2,
  disk: 7,
  sigint: 130,
  sigterm: 143,
} as const;
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** Why a command cannot do what it was asked. Public: never renamed. */
export type CommandCode =
  | 'USAGE'
  | 'INTERNAL'
  | 'ADDRESS_UNAVAILABLE'
  | 'DATA_FOLDER_IN_USE'
  | 'DATA_FOLDER_UNUSABLE'
  | 'DATABASE_UNUSABLE'
  | 'KEY_UNUSABLE'
  | 'DRIVER_MISSING'
  | 'DISK_FULL'
  | 'DISK_PERMISSION'
  | 'DISK_FAILED'
  | 'TARGET_EXISTS'
  | 'TARGET_FOLDER_MISSING'
  | 'STOPPED';

const EXIT_OF_CODE: Record<Exclude<CommandCode, 'STOPPED'>, ExitCode> = {
  USAGE: EXIT_CODES.usage,
  INTERNAL: EXIT_CODES.fault,
  ADDRESS_UNAVAILABLE: EXIT_CODES.usage,
  DATA_FOLDER_IN_USE: EXIT_CODES.fault,
  DATA_FOLDER_UNUSABLE: EXIT_CODES.usage,
  DATABASE_UNUSABLE: EXIT_CODES.fault,
  KEY_UNUSABLE: EXIT_CODES.fault,
  DRIVER_MISSING: EXIT_CODES.fault,
  DISK_FULL: EXIT_CODES.disk,
  DISK_PERMISSION: EXIT_CODES.disk,
  DISK_FAILED: EXIT_CODES.disk,
  TARGET_EXISTS: EXIT_CODES.disk,
  TARGET_FOLDER_MISSING: EXIT_CODES.disk,
};

/** The message is a sentence for people; scripts look at `code` and the exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    readonly code: CommandCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get exitCode(): ExitCode {
    return this.code === 'STOPPED' ? EXIT_CODES.sigterm : EXIT_OF_CODE[this.code];
  }
}

/** A command that a signal cut short. */
export class StoppedBySignal extends CommandError {
  constructor(private readonly signalName: NodeJS.Signals) {
    super('STOPPED', `stopped by ${signalName}`);
  }

  override get exitCode(): ExitCode {
    return this.signalName === 'SIGINT' ? EXIT_CODES.sigint : EXIT_CODES.sigterm;
  }
}

/** What oclif throws for wrong usage is wrong usage; anything untyped is a fault of ours. */
export function toCommandError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CommandError(isUsageError(error) ? 'USAGE' : 'INTERNAL', message, { cause: error });
}

function isUsageError(error: unknown): boolean {
  const { oclif } = error as { readonly oclif?: { readonly exit?: number } };
  return oclif?.exit === EXIT_CODES.usage;
}
