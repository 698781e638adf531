import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PRELOAD = fileURLToPath(new URL('./stepped-clock.mjs', import.meta.url));

/** The wall clock of one machine: what programs it is given to see can be stepped. */
export class Clock {
  private offsetMs = 0;

  /** `path`: of the file that the programs watch. */
  constructor(private readonly path: string) {
    this.step(0);
  }

  /** For the environment of programs on that machine. */
  get environment(): Readonly<Record<string, string>> {
    return { NODE_OPTIONS: `--import=${PRELOAD}`, STEPPED_CLOCK: this.path };
  }

  /** Sets it forwards or back by so much. */
  step(byMs: number): void {
    this.offsetMs += byMs;
    this.write();
  }

  /** Sets it right. */
  correct(): void {
    this.offsetMs = 0;
    this.write();
  }

  private write(): void {
    writeFileSync(this.path, String(Math.round(this.offsetMs)));
  }
}
