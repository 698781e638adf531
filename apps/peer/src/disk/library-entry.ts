import {
  ChunkLayout,
  HASH_BYTES,
  isDigest,
  parseGroup,
  type Digest,
  type GroupName,
  type Manifest,
} from '#protocol';
import { parseFileStamp, type FileStamp } from './file-stamp.js';

/** A file of ours under the name it has in the network. */
export interface LibraryEntry {
  readonly name: string;
  readonly digest: Digest;
  /** Absolute. */
  readonly path: string;
  /** The file as it was when its content was known to match the digest. */
  readonly stamp: FileStamp;
  readonly origin: 'shared' | 'downloaded';
  /** ISO 8601, UTC. */
  readonly addedAt: string;
  /** Hex hash of the only chunk, which makes up the whole manifest; null for several chunks, whose
   *  manifest is a file of its own, and for none. */
  readonly chunkHash: string | null;
  /** Groups that may have it by this name, as it was shared; undefined: every member. */
  readonly allow?: readonly GroupName[] | undefined;
  /** Not every member may have the content, as far as was known. */
  readonly restricted?: true | undefined;
}

export type NewLibraryEntry = Omit<LibraryEntry, 'chunkHash'>;

/** One line of the journal. */
export type LibraryChange =
  | { readonly put: LibraryEntry }
  | { readonly remove: { readonly name: string; readonly path: string } };

/** A name may stand for several files, say of two versions; a file may have several names. */
export function entryKey(entry: { readonly name: string; readonly path: string }): string {
  return `${entry.name}\0${entry.path}`;
}

export function hasManifestFile(entry: LibraryEntry): boolean {
  return ChunkLayout.forSize(entry.stamp.sizeBytes).chunkCount > 1;
}

export function libraryEntry(entry: NewLibraryEntry, manifest: Manifest): LibraryEntry {
  const { name, digest, path, stamp, origin, addedAt, allow, restricted } = entry;
  const isOneChunk = manifest.chunkCount === 1;
  const chunkHash = isOneChunk ? Buffer.from(manifest.hashes).toString('hex') : null;
  const restriction = {
    ...(allow === undefined ? {} : { allow }),
    ...(restricted === undefined ? {} : { restricted }),
  };
  return { name, digest, path, stamp, origin, addedAt, chunkHash, ...restriction };
}

/** Undefined for a line that was cut short or that this version does not know. */
export function parseLibraryChange(line: string): LibraryChange | undefined {
  const change = parseObject(line);
  const put = change?.['put'];
  if (isObject(put)) {
    const entry = parseEntry(put);
    return entry === undefined ? undefined : { put: entry };
  }
  const remove = change?.['remove'];
  if (!isObject(remove)) return undefined;
  const { name, path } = remove;
  if (typeof name !== 'string' || typeof path !== 'string') return undefined;
  return { remove: { name, path } };
}

function parseEntry(fields: Readonly<Record<string, unknown>>): LibraryEntry | undefined {
  const { name, digest, path, origin, addedAt, chunkHash } = fields;
  const stamp = parseFileStamp(fields['stamp']);
  if (typeof name !== 'string' || typeof path !== 'string' || stamp === undefined) return undefined;
  if (typeof digest !== 'string' || !isDigest(digest)) return undefined;
  if (origin !== 'shared' && origin !== 'downloaded') return undefined;
  if (typeof addedAt !== 'string') return undefined;
  if (chunkHash !== null && !isHash(chunkHash)) return undefined;
  const allow = parseAllow(fields['allow']);
  if (allow === undefined) return undefined;
  const restriction = {
    ...(allow === 'everybody' ? {} : { allow }),
    ...(fields['restricted'] === true ? { restricted: true as const } : {}),
  };
  return { name, digest, path, stamp, origin, addedAt, chunkHash, ...restriction };
}

function parseAllow(value: unknown): readonly GroupName[] | 'everybody' | undefined {
  if (value === undefined) return 'everybody';
  if (!Array.isArray(value)) return undefined;
  try {
    return value.map((group) => parseGroup(String(group)));
  } catch {
    return undefined;
  }
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && value.length === 2 * HASH_BYTES && /^[0-9a-f]+$/.test(value);
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
