import type { createLogUpdate } from 'log-update';
import type { DownloadProgress } from '../engine/download/download-job.js';
import type { ProgressMode } from './peer-command.js';
import { toJsonLine } from './json-line.js';
import { RateMeter } from './rate-meter.js';
import { renderProgressLine, type ProgressSample } from './render-progress.js';

const BAR_INTERVAL_MS = 100;
const JSON_INTERVAL_MS = 500;
const MAX_BARS = 12;
const DEFAULT_COLUMNS = 80;

type Painter = ReturnType<typeof createLogUpdate>;

/** Shows running downloads on stderr, as bars or as JSON, for as long as it is open. Owns its
 *  timer. */
export class ProgressView {
  private readonly meters = new Map<string, RateMeter>();
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly format: 'bar' | 'json' | 'none',
    private readonly source: () => readonly DownloadProgress[],
    private readonly painter: Painter | undefined,
  ) {}

  /** `auto` is a bar on a terminal and nothing elsewhere. */
  static async open(
    mode: ProgressMode,
    source: () => readonly DownloadProgress[],
  ): Promise<ProgressView> {
    const format = mode === 'auto' ? (process.stderr.isTTY ? 'bar' : 'none') : mode;
    const painter =
      format === 'bar' ? (await import('log-update')).createLogUpdate(process.stderr) : undefined;
    const view = new ProgressView(format, source, painter);
    const intervalMs = format === 'bar' ? BAR_INTERVAL_MS : JSON_INTERVAL_MS;
    if (format !== 'none') view.timer = setInterval(() => view.show(), intervalMs);
    return view;
  }

  /** Makes room for other lines on the terminal; the bars come back below them. */
  clear(): void {
    this.painter?.clear();
  }

  /** The last word about one download, which the source names no more. */
  finished(progress: DownloadProgress): void {
    if (this.format === 'json') this.writeJson([this.sample(progress)]);
    this.meters.delete(progress.name);
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.painter?.clear();
    this.painter?.done();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private show(): void {
    const samples = this.source().map((progress) => this.sample(progress));
    if (this.painter === undefined) {
      this.writeJson(samples);
      return;
    }
    const columns = process.stderr.columns || DEFAULT_COLUMNS;
    const lines = samples.slice(0, MAX_BARS).map((sample) => renderProgressLine(sample, columns));
    if (samples.length > MAX_BARS) lines.push(`and ${samples.length - MAX_BARS} more`);
    this.painter(lines.join('\n'));
  }

  private writeJson(samples: readonly ProgressSample[]): void {
    for (const sample of samples) {
      process.stderr.write(toJsonLine({ event: 'progress', ...sample }));
    }
  }

  private sample(progress: DownloadProgress): ProgressSample {
    let meter = this.meters.get(progress.name);
    if (meter === undefined) {
      meter = new RateMeter();
      this.meters.set(progress.name, meter);
    }
    const { name, bytesDone, bytesTotal, sources, elapsedMs } = progress;
    meter.add(bytesDone, performance.now());
    const bytesPerSecond = Math.round(meter.bytesPerSecond ?? (bytesDone / elapsedMs) * 1_000);
    return { name, bytesDone, bytesTotal, bytesPerSecond, sources };
  }
}
