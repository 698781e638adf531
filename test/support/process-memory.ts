import { readFile } from 'node:fs/promises';

export const MAX_PEER_RESIDENT_BYTES = 200 * 1024 * 1024;
/** Of a tracker whose heap may have 64 MiB of older objects: with its young generation of 24, the program's
 *  files and native memory of 79, and the 19 that it keeps and sends for others, that is 186 MiB. */
export const MAX_TRACKER_RESIDENT_BYTES = 192 * 1024 * 1024;

/** The most resident memory that a process has had. Rejects when there is no such process. Source:
 *  proc(5), VmHWM. */
export async function peakResidentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}
