import type { MeasuredProgram } from '../harness/measured-program.js';
import type { Stage } from '../harness/stage.js';

/** Where a program runs: loopback, or a host with a network namespace of its own. */
export interface Place {
  readonly title: string;
  readonly address: string;
  /** A free port there, for programs that cannot find one by themselves. */
  readonly port: number;
  /** What goes before a command to run it there. */
  readonly prefix: readonly string[];
  /** The place's own folder. */
  readonly folder: string;
  /** Where what programs say is kept; undefined to keep nothing. */
  readonly logFolder?: string;
}

/** A program that offers one file, or one folder of files, to others and fetches it from them. */
export interface Distributor {
  readonly name: string;
  /** What is missing on this machine, in words; undefined when it can run. */
  absence(): Promise<string | undefined>;
  /** It takes no peers on 127.0.0.1, only on an address of a real interface. */
  readonly refusesLoopback?: boolean;
  /** Prepares what all places must know about the file and starts a tracker at the given place. */
  open(stage: Stage, trackerPlace: Place, filePath: string): Promise<Distribution>;
}

/** One file or folder and a tracker that knows who has it. All programs belong to the stage. */
export interface Distribution {
  /** Undefined when there is none to ask. */
  readonly tracker: MeasuredProgram | undefined;
  /** What is done once on each machine, before anything is offered or fetched there; not measured. */
  prepare?(place: Place): Promise<void>;
  /** Offers the file from where it lies; resolves once others can fetch it. */
  offer(place: Place): Promise<MeasuredProgram>;
  /** Fetches the file into the place's folder, and then ends or stays to serve others. */
  fetch(place: Place, afterwards: 'leave' | 'stay'): Promise<Fetch>;
}

export interface Fetch {
  readonly program: MeasuredProgram;
  /** Where the whole copy will be. */
  readonly path: string;
  /** When the copy was complete and in place (performance.now()); rejects when the program ends before. */
  readonly completed: Promise<number>;
}
