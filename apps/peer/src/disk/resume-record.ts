import {
  Bitfield,
  decodeBase64,
  encodeBase64,
  hashBytes,
  MAX_CHUNK_COUNT,
  parseDigest,
  type Digest,
} from '#protocol';
import { parseFileStamp, type FileStamp } from './file-stamp.js';
import { parseProcessStamp, type ProcessStamp } from './process-stamp.js';

const FORMAT = 'shoal-resume';
const VERSION = 1;

/** What an unfinished download says of its part file. */
export interface ResumeRecord {
  readonly digest: Digest;
  /** The chunks that were stored and synced when the record was written. */
  readonly held: Bitfield;
  /** Who works on it, or did when it was killed; null after a stop. */
  readonly owner: ProcessStamp | null;
  /** The part file as a clean stop left it; null while somebody works on it, and after a crash. */
  readonly cleanStop: FileStamp | null;
}

/** One line of JSON, and one with the hash of the first in hex. Blank lines may follow. */
export function encodeResumeRecord(record: ResumeRecord): Buffer {
  const line = JSON.stringify({
    format: FORMAT,
    version: VERSION,
    digest: record.digest,
    chunkCount: record.held.length,
    held: encodeBase64(record.held.toBytes()),
    owner: record.owner,
    cleanStop: record.cleanStop,
  });
  return Buffer.from(`${line}\n${checksumOf(line)}\n`);
}

/** Strict: undefined for whatever {@link encodeResumeRecord} would not have written. */
export function decodeResumeRecord(bytes: Buffer): ResumeRecord | undefined {
  const text = bytes.toString('latin1');
  const [line = '', checksum] = text.split('\n', 2);
  if (checksum !== checksumOf(line)) return undefined;
  try {
    const record = parseRecord(JSON.parse(line) as Readonly<Record<string, unknown>>);
    const expected = encodeResumeRecord(record).toString('latin1');
    return text.trimEnd() === expected.trimEnd() ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Throws on a bad value. What else the line says shows when the record is encoded again. */
function parseRecord(fields: Readonly<Record<string, unknown>>): ResumeRecord {
  const chunkCount = Number(fields['chunkCount']);
  if (!(chunkCount >= 0 && chunkCount <= MAX_CHUNK_COUNT)) throw new RangeError('chunkCount');
  return {
    digest: parseDigest(String(fields['digest'])),
    held: Bitfield.fromBytes(chunkCount, decodeBase64(String(fields['held']))),
    owner: parseProcessStamp(fields['owner']) ?? null,
    cleanStop: parseFileStamp(fields['cleanStop']) ?? null,
  };
}

function checksumOf(line: string): string {
  return Buffer.from(hashBytes(Buffer.from(line))).toString('hex');
}
