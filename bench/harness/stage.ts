import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MeasuredProgram, type ProgramOptions } from './measured-program.js';

/** What a run opens and must close again: a folder and the programs it starts. Closing it leaves
 *  neither; nor does a sudden end of this process. When the signal aborts, all programs are killed, so
 *  that whoever waits for one goes on. */
export class Stage implements AsyncDisposable {
  private readonly programs = new Set<MeasuredProgram>();
  private usageCount = 0;
  private readonly killAll = () => {
    for (const program of this.programs) program.killGroup();
  };
  private readonly onExit = () => {
    this.killAll();
    rmSync(this.folder, { recursive: true, force: true });
  };

  private constructor(
    readonly folder: string,
    private readonly signal: AbortSignal,
  ) {
    process.on('exit', this.onExit);
    signal.addEventListener('abort', this.killAll);
  }

  /** With a new folder inside `parent`. */
  static async open(parent: string, { signal }: { signal: AbortSignal }): Promise<Stage> {
    await mkdir(parent, { recursive: true });
    return new Stage(await mkdtemp(join(parent, 'shoal-bench-')), signal);
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  /** A new folder inside the stage's. */
  async makeFolder(name: string): Promise<string> {
    const path = this.path(name);
    await mkdir(path, { recursive: true });
    return path;
  }

  /** Throws what the signal says once it has aborted. */
  start(options: Omit<ProgramOptions, 'usagePath' | 'cwd'> & { cwd?: string }): MeasuredProgram {
    this.signal.throwIfAborted();
    this.usageCount += 1;
    const usagePath = this.path(`usage-${this.usageCount}`);
    const program = new MeasuredProgram({ cwd: this.folder, ...options, usagePath });
    this.programs.add(program);
    void program.ended.finally(() => this.programs.delete(program)).catch(() => undefined);
    return program;
  }

  async close(): Promise<void> {
    this.killAll();
    await Promise.allSettled([...this.programs].map((program) => program.ended));
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
    this.signal.removeEventListener('abort', this.killAll);
    process.off('exit', this.onExit);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
