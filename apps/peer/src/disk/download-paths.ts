import { basename, dirname, join } from 'node:path';
import { hashBytes } from '#protocol';

/** The longest name that file systems commonly take. */
const MAX_FILE_NAME_BYTES = 255;
/** Room for the longest ending, of the record's temporary file or of its lock. */
const MAX_ENDING_BYTES = '.part.resume.lock'.length;
const HASH_CHARS = 16;

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
  const folder = dirname(output);
  const part = join(folder, `${shortened(basename(output))}.part`);
  const record = `${part}.resume`;
  return { output, folder, part, record, lock: `${record}.lock` };
}

/** A name with little room for an ending gives its own end to a hash of the whole. */
function shortened(name: string): string {
  const bytes = Buffer.from(name);
  if (bytes.length + MAX_ENDING_BYTES <= MAX_FILE_NAME_BYTES) return name;
  const hash = Buffer.from(hashBytes(bytes)).toString('hex').slice(0, HASH_CHARS);
  let keptBytes = MAX_FILE_NAME_BYTES - MAX_ENDING_BYTES - 1 - HASH_CHARS;
  // Not between the bytes of one character.
  while ((bytes[keptBytes]! & 0xc0) === 0x80) keptBytes -= 1;
  return `${bytes.toString('utf8', 0, keptBytes)}~${hash}`;
}
