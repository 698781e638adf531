import { dirname } from 'node:path';

/** The names beside one output while it is being downloaded. */
export interface DownloadPaths {
  readonly output: string;
  readonly folder: string;
  /** The chunks so far, each at its place. */
  readonly part: string;
  readonly record: string;
  /** There only while somebody finds out whether the target is free. */
  readonly lock: string;
}

export function downloadPaths(output: string): DownloadPaths {
  const part = `${output}.part`;
  const record = `${part}.resume`;
  return { output, folder: dirname(output), part, record, lock: `${record}.lock` };
}
