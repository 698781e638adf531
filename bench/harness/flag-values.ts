import { parseArgs } from 'node:util';
import { parseSize } from '../../apps/peer/src/cli/byte-size.js';
import { parseDuration } from '../../apps/peer/src/cli/duration.js';

/** A flag without `fallback` is a switch; all others take text. */
export interface FlagSpec {
  readonly help: string;
  readonly fallback?: string;
}

export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

type FlagTexts = Readonly<Record<string, string | boolean>>;

/** Wrong usage of the benchmark: the message is for the person who typed it. */
export class UsageError extends Error {}

/** What the command line said, read by kind. Every reader throws UsageError. */
export class FlagValues {
  private constructor(private readonly values: FlagTexts) {}

  static parse(args: readonly string[], specs: FlagSpecs): FlagValues {
    const options = Object.fromEntries(
      Object.entries(specs).map(([name, { fallback }]) => [
        name,
        { type: fallback === undefined ? ('boolean' as const) : ('string' as const) },
      ]),
    );
    try {
      const { values } = parseArgs({ args: [...args], options, strict: true });
      const fallbacks = Object.entries(specs).map(([name, spec]) => {
        return [name, spec.fallback ?? false];
      });
      return new FlagValues({ ...Object.fromEntries(fallbacks), ...values } as FlagTexts);
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
  }

  has(name: string): boolean {
    return this.values[name] === true;
  }

  text(name: string): string {
    return String(this.values[name] ?? '');
  }

  /** Comma-separated; empty for the empty text. */
  list(name: string): string[] {
    return this.text(name)
      .split(',')
      .filter((item) => item !== '');
  }

  bytes(name: string): number {
    return parseSize(this.text(name)) ?? this.refuse(name, 'a size such as 32MiB');
  }

  durationMs(name: string): number {
    return parseDuration(this.text(name)) ?? this.refuse(name, 'a duration such as 2s');
  }

  count(name: string): number {
    const text = this.text(name);
    return /^\d{1,9}$/.test(text) ? Number(text) : this.refuse(name, 'a whole number');
  }

  all(): FlagTexts {
    return this.values;
  }

  private refuse(name: string, wanted: string): never {
    throw new UsageError(`--${name} takes ${wanted}, not ${JSON.stringify(this.text(name))}`);
  }
}
