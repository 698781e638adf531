/** What one timed run of one contender gave. Further figures of a scenario go into `extra`. */
export interface Sample {
  readonly seconds: number;
  /** User and system time of all its processes. */
  readonly cpuSeconds: number;
  /** The most memory that any one of its processes had resident. */
  readonly peakBytes: number;
  readonly extra?: Readonly<Record<string, number>>;
}

/** Shoal, or a rival: something that does the scenario's job and can be timed at it. */
export interface Contender {
  readonly name: string;
  /** What is missing on this machine, in words; undefined when it can run. */
  absence(): Promise<string | undefined>;
  /** One run, verified; `round` counts from 0. Leaves nothing behind. */
  run(round: number): Promise<Sample>;
}

/** A contender with all of its runs. */
export interface Outcome {
  readonly name: string;
  readonly samples: readonly Sample[];
}
