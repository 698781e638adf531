import type { ChunkRegisterFile } from '#protocol';
import type { Announcement } from './announcement.js';

/** In one message; far below what a tracker takes. */
const MAX_REPORT_FILES = 100;
const MAX_REPORT_RANGES = 16_384;

/** Chunks of one file that the tracker is about to be told of. */
export interface ChunkReport {
  readonly entry: Announcement;
  readonly file: ChunkRegisterFile;
}

/** Takes what was gained since the last report; each must be ended or abandoned. */
export function beginReports(entries: Iterable<Announcement>): ChunkReport[] {
  const reports: ChunkReport[] = [];
  for (const entry of entries) {
    const file = entry.hasGained ? entry.beginReport() : undefined;
    if (file !== undefined) reports.push({ entry, file });
  }
  return reports;
}

/** As many reports to a message as fit. */
export function* reportBatches(reports: readonly ChunkReport[]): Generator<ChunkReport[]> {
  let batch: ChunkReport[] = [];
  let rangeCount = 0;
  for (const report of reports) {
    const { length } = report.file.ranges;
    const isFull = batch.length === MAX_REPORT_FILES || rangeCount + length > MAX_REPORT_RANGES;
    if (isFull && batch.length > 0) {
      yield batch;
      batch = [];
      rangeCount = 0;
    }
    batch.push(report);
    rangeCount += length;
  }
  if (batch.length > 0) yield batch;
}
