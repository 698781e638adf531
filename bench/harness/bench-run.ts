import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outcome } from './contender.js';
import type { FlagValues } from './flag-values.js';
import { readMachineFacts, renderMachineFacts, type MachineFacts } from './machine-facts.js';
import { MachineLock } from './machine-lock.js';
import { outcomeHeader, outcomeRows } from './outcome-rows.js';
import { Stage } from './stage.js';
import { spreadOf } from './statistics.js';
import { renderTable } from './table.js';

/** One call of the benchmark: its flags, its places, and what it found. */
export class BenchRun {
  private readonly notes: string[] = [];
  private readonly results: { title: string; reference: string; outcomes: readonly Outcome[] }[] =
    [];
  private readonly figures: Record<string, unknown> = {};

  private constructor(
    readonly scenario: string,
    readonly flags: FlagValues,
    readonly signal: AbortSignal,
    readonly out: string,
    private readonly facts: MachineFacts,
  ) {}

  static async open(options: {
    scenario: string;
    flags: FlagValues;
    signal: AbortSignal;
  }): Promise<BenchRun> {
    const { scenario, flags, signal } = options;
    const stamp = new Date().toISOString().replace(/[:.]/g, '-');
    const out = flags.text('out') || join(tmpdir(), 'shoal-bench', `${scenario}-${stamp}`);
    await mkdir(out, { recursive: true });
    const bench = new BenchRun(scenario, flags, signal, out, await readMachineFacts());
    bench.say(`${scenario} on ${renderMachineFacts(bench.facts)}`);
    return bench;
  }

  get runCount(): number {
    return this.flags.count('runs');
  }

  /** A folder and programs for one run, on the disk that is measured. */
  openStage(): Promise<Stage> {
    return Stage.open(this.flags.text('work') || tmpdir(), { signal: this.signal });
  }

  /** A folder inside the results, for what is to be looked at afterwards. */
  async makeOutFolder(name: string): Promise<string> {
    const path = join(this.out, name);
    await mkdir(path, { recursive: true });
    return path;
  }

  takeMachine(): Promise<MachineLock> {
    return MachineLock.take(this.flags.text('lock'), { signal: this.signal });
  }

  say(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** Said now, and kept in the result. */
  note(text: string): void {
    this.notes.push(text);
    this.say(`  ${text}`);
  }

  /** A figure that is no contender's run; goes into the result under its key. */
  figure(key: string, value: unknown): void {
    this.figures[key] = value;
  }

  /** Prints the table of all contenders; `reference` is the one that the ratios compare with. */
  conclude(title: string, outcomes: readonly Outcome[], reference: string): void {
    this.results.push({ title, reference, outcomes });
    this.say(`\n${title}`);
    this.say(renderTable(outcomeHeader(outcomes), outcomeRows(outcomes, reference)));
  }

  /** Writes result.json: everything, every single run included. */
  async writeResult(): Promise<string> {
    const path = join(this.out, 'result.json');
    const results = this.results.map(({ title, reference, outcomes }) => ({
      title,
      reference,
      contenders: outcomes.map(({ name, samples }) => ({
        name,
        seconds: spreadOf(samples.map(({ seconds }) => seconds)),
        samples,
      })),
    }));
    const { scenario, facts, notes, figures } = this;
    const flags = this.flags.all();
    const takenAt = new Date().toISOString();
    const result = { scenario, takenAt, machine: facts, flags, notes, figures, results };
    await writeFile(path, `${JSON.stringify(result, undefined, 2)}\n`);
    return path;
  }
}
