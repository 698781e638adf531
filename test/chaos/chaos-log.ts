import { appendFileSync } from 'node:fs';

/** What happened, in order: printed when something is wrong, and kept beside the run. */
export class ChaosLog {
  private readonly lines: string[] = [];
  private readonly startMs = performance.now();
  /** Kind of event to how often it happened. */
  readonly counts = new Map<string, number>();
  /** What must not happen, and did. */
  readonly violations: string[] = [];

  constructor(private readonly path: string) {}

  note(kind: string, text: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    this.write(`${kind}: ${text}`);
  }

  violation(text: string): void {
    this.violations.push(text);
    this.write(`VIOLATION: ${text}`);
  }

  tail(count: number): string {
    return this.lines.slice(-count).join('\n');
  }

  private write(text: string): void {
    const seconds = ((performance.now() - this.startMs) / 1_000).toFixed(2);
    const line = `${seconds} ${text}`;
    this.lines.push(line);
    appendFileSync(this.path, `${line}\n`);
  }
}
