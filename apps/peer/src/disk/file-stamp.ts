import { statSync, type BigIntStats } from 'node:fs';

/** What tells one state of a file from another without reading it. */
export interface FileStamp {
  readonly sizeBytes: number;
  /** Nanoseconds since 1970, in decimal: more than a number holds exactly. */
  readonly mtimeNs: string;
  readonly inode: string;
}

export function stampOf(stats: BigIntStats): FileStamp {
  return {
    sizeBytes: Number(stats.size),
    mtimeNs: stats.mtimeNs.toString(),
    inode: stats.ino.toString(),
  };
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.sizeBytes === b.sizeBytes && a.mtimeNs === b.mtimeNs && a.inode === b.inode;
}

/** Compares what `path` leads to now; what cannot be looked at counts as changed. Synchronous: a
 *  look at an inode takes microseconds, a trip to another thread many times that. */
export function stateOf(path: string, stamp: FileStamp): 'unchanged' | 'changed' {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats !== undefined && sameStamp(stampOf(stats), stamp) ? 'unchanged' : 'changed';
  } catch {
    return 'changed';
  }
}

/** Strict: undefined for anything but exactly a stamp's fields. */
export function parseFileStamp(value: unknown): FileStamp | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { sizeBytes, mtimeNs, inode, ...rest } = value as Record<string, unknown>;
  if (typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
    return undefined;
  }
  if (!isDecimal(mtimeNs) || !isDecimal(inode) || Object.keys(rest).length > 0) return undefined;
  return { sizeBytes, mtimeNs, inode };
}

function isDecimal(value: unknown): value is string {
  return typeof value === 'string' && /^-?[0-9]{1,20}$/.test(value);
}
