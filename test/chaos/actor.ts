import type { ChildProgram } from '../support/child-program.js';
import type { PeerHome } from '../support/peer-home.js';
import { placeFlags, type ActorPlace } from './actor-place.js';
import type { ChaosLog } from './chaos-log.js';

/** Ends that a peer may come to by itself while everything around it fails: done, tracker away, no
 *  source, disk full, time-out, done in part, and the signals that ask it to stop. */
const FAIR_ENDS: readonly (number | NodeJS.Signals)[] = [0, 5, 6, 9, 10, 130, 143];
/** A process that was asked to stop before it had begun to listen for that. */
const EARLY_ENDS: readonly (number | NodeJS.Signals)[] = ['SIGINT', 'SIGTERM'];
const OUTPUT_CHARS = 1_500;

/** One of the ten: a home whose commands are run one after the other until it is told to stop. */
export abstract class Actor {
  /** The process that runs now. */
  private program: ChildProgram | undefined;
  private isStopping = false;
  /** The last run was ended from outside, by SIGKILL. */
  private wasKilled = false;
  private resumeTimer: NodeJS.Timeout | undefined;
  private finished: Promise<void> | undefined;

  constructor(private readonly place: ActorPlace) {}

  get title(): string {
    return this.place.title;
  }

  get home(): PeerHome {
    return this.place.home;
  }

  protected get log(): ChaosLog {
    return this.place.log;
  }

  /** Runs commands until {@link stop}. */
  protected abstract live(): Promise<void>;

  start(): void {
    this.finished = this.live().catch((error: unknown) => {
      this.log.violation(`${this.title}: ${String(error)}`);
    });
  }

  kill(): void {
    if (this.program === undefined) return;
    this.wasKilled = true;
    this.program.signal('SIGKILL');
  }

  interrupt(signal: 'SIGINT' | 'SIGTERM'): void {
    this.program?.signal(signal);
  }

  /** Its connections with others end in a reset. */
  cut(): void {
    this.log.note('cut', `${this.place.proxy.cut()} connections to ${this.title}`);
  }

  stepClock(byMs: number): void {
    this.place.clock.step(byMs);
    this.log.note('clock', `${this.title} ${Math.round(byMs / 1_000)} s`);
  }

  /** Stands still for a while, as on a machine that swaps or sleeps. */
  pause(forMs: number): void {
    const { program } = this;
    if (program === undefined || this.resumeTimer !== undefined) return;
    program.signal('SIGSTOP');
    this.resumeTimer = setTimeout(() => this.resume(program), forMs);
  }

  /** Lets the command under way come to its own end. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.place.clock.correct();
    if (this.program !== undefined) this.resume(this.program);
    this.endService();
    await this.finished;
  }

  /** Begins a command that serves. */
  protected run(command: string, ...args: readonly string[]): ChildProgram {
    const flags = [...args, ...placeFlags(this.place)];
    this.program = this.home.start([command, ...flags], { env: this.place.clock.environment });
    return this.program;
  }

  protected mustStop(): boolean {
    return this.isStopping;
  }

  /** What runs until it is stopped is stopped. */
  protected endService(): void {
    return undefined;
  }

  protected terminate(): void {
    this.program?.signal('SIGTERM');
  }

  /** Its exit code or signal; anything that a user could not explain is a violation. */
  protected async endOf(
    program: ChildProgram,
    alsoFair: readonly number[] = [],
  ): Promise<number | string> {
    const end = await program.ended();
    this.program = undefined;
    const isKilled = (end === 'SIGKILL' && this.wasKilled) || EARLY_ENDS.includes(end);
    this.wasKilled = false;
    this.log.note(`${this.constructor.name} ended`, `${this.title} ${end}`);
    const output = `${program.stdout}${program.stderr}`.slice(-OUTPUT_CHARS);
    if (!isKilled && ![...FAIR_ENDS, ...alsoFair].includes(end)) {
      this.log.violation(`${this.title} ended with ${end}:\n${output}`);
    } else if (end !== 0 && !isKilled && output.trim() === '') {
      this.log.violation(`${this.title} ended with ${end} and has not said why`);
    }
    return end;
  }

  private resume(program: ChildProgram): void {
    clearTimeout(this.resumeTimer);
    this.resumeTimer = undefined;
    program.signal('SIGCONT');
  }
}
