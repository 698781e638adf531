import { constants } from 'node:os';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Why a command was cut short. */
export class StoppedBySignal extends Error {
  override readonly name = 'STOPPED';

  constructor(readonly signalName: NodeJS.Signals) {
    super(`stopped by ${signalName}`);
  }

  get exitCode(): number {
    return 128 + constants.signals[this.signalName];
  }
}

/** Turns the first SIGINT or SIGTERM into an aborted AbortSignal; a second one ends the process at
 *  once. */
export class StopSignal {
  private readonly controller = new AbortController();
  private readonly onSignal = (name: NodeJS.Signals) => {
    const stopped = new StoppedBySignal(name);
    if (this.controller.signal.aborted) process.exit(stopped.exitCode);
    this.controller.abort(stopped);
  };

  constructor() {
    for (const name of STOP_SIGNALS) process.on(name, this.onSignal);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Resolves at the first signal. */
  async received(): Promise<void> {
    const { signal } = this;
    if (signal.aborted) return;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }

  [Symbol.dispose](): void {
    for (const name of STOP_SIGNALS) process.off(name, this.onSignal);
  }
}
