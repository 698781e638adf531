import { constants } from 'node:os';

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** The first SIGTERM or SIGINT is an event to wait for; a second one ends the process at once. */
export class StopSignal {
  readonly received: Promise<NodeJS.Signals>;
  private readonly detach: () => void;

  constructor() {
    let accept: (signal: NodeJS.Signals) => void = () => undefined;
    this.received = new Promise((resolve) => {
      accept = resolve;
    });
    let seenCount = 0;
    const onSignal = (signal: NodeJS.Signals) => {
      seenCount += 1;
      if (seenCount > 1) process.exit(128 + constants.signals[signal]);
      accept(signal);
    };
    for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
    this.detach = () => {
      for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
    };
  }

  [Symbol.dispose](): void {
    this.detach();
  }
}
