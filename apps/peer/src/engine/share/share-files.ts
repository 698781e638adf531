import { Bitfield, type Digest, type FileResult, type GroupName, type Manifest } from '#protocol';
import { TransferError } from '../../core/transfer-error.js';
import type { FileStamp } from '../../disk/file-stamp.js';
import type { LibraryEntry } from '../../disk/library-entry.js';
import { buildManifests } from '../../disk/manifest-builder.js';
import { SharedFile } from '../../disk/shared-file.js';
import { expandSharedPaths, type SharedPathsOptions } from '../../disk/shared-paths.js';
import type { AnnouncedName } from '../announce/announcement.js';
import type { Offer } from './offer.js';
import type { PeerSession } from '../peer-session.js';
import { callError, refusalError } from '../lookup/tracker-refusal.js';
import { Transfer } from '../transfer/transfer.js';

/** A file that is being served. */
export interface ServedFile {
  readonly name: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  readonly chunkCount: number;
}

interface Served {
  readonly transfer: Transfer;
  readonly offer: Offer;
  readonly file: ServedFile;
  readonly stamp: FileStamp;
}

export interface ShareOptions {
  readonly naming: 'publish' | 'replace';
  /** Groups that may have the files by these names; undefined: every member. */
  readonly allow?: readonly GroupName[] | undefined;
  /** Bytes hashed of the file that is being hashed now. */
  readonly onHashed: (hashedBytes: number) => void;
  readonly signal: AbortSignal;
}

/** Hashes, registers and serves files and folders. Throws TransferError PATH_NOT_FOUND,
 *  INVALID_NAME, NAME_TAKEN (then none of them stays offered), SOURCE_CHANGED, TRACKER_UNREACHABLE
 *  before anything is hashed, or a disk's. */
export async function shareFiles(
  session: PeerSession,
  what: SharedPathsOptions,
  { naming, allow, onHashed, signal }: ShareOptions,
): Promise<ServedFile[]> {
  const paths = await expandSharedPaths(what, { signal });
  try {
    await session.announcer.contact({ signal });
  } catch (error) {
    throw callError(error, 'the tracker');
  }
  const served: Served[] = [];
  const answers: Promise<readonly FileResult[]>[] = [];
  const hashing = buildManifests(paths, { signal, onProgress: onHashed });
  for await (const { file: item, manifest, stamp } of hashing) {
    const entry = await serve(session, { name: item.name, path: item.path, manifest, stamp });
    served.push(entry);
    answers.push(session.announcer.announce(entry.transfer, [{ name: item.name, naming, allow }]));
  }
  const results = await settled(answers, signal);
  const refused = results.findIndex((result) => !result.ok);
  if (refused !== -1) {
    for (const { transfer, offer } of served) await session.removeOffer(transfer, offer, 'OK');
    const result = results[refused]!;
    const { name } = served[refused]!.offer;
    throw result.ok ? new Error('unreachable') : refusalError(result, name);
  }
  await remember(session, served, allow);
  return served.map(({ file }) => file);
}

/** Serves what the library remembers and the disk still has; tells of what it has not. */
export async function seedLibrary(
  session: PeerSession,
  { onLost, signal }: { onLost: (name: string, error: Error) => void; signal: AbortSignal },
): Promise<ServedFile[]> {
  const files: ServedFile[] = [];
  for (const entry of await session.library.entries()) {
    signal.throwIfAborted();
    try {
      const manifest = await session.library.manifestOf(entry);
      const { transfer, file } = await serve(session, { ...entry, manifest });
      files.push(file);
      const restricted = entry.restricted === true || entry.allow !== undefined;
      session.grants?.remembered(entry.digest, { restricted });
      const name: AnnouncedName = {
        name: isUnnamed(entry) ? undefined : entry.name,
        naming: 'keep',
        allow: entry.allow,
      };
      void session.announcer.announce(transfer, [name]);
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      onLost(entry.name, error);
    }
  }
  return files;
}

/** Also of what is for some when only the tracker knows for whom: one that has forgotten it would take
 *  the name to be for everybody. */
function isUnnamed({ name, digest, restricted, allow }: LibraryEntry): boolean {
  return name === digest || (restricted === true && allow === undefined);
}

async function serve(
  session: PeerSession,
  source: { name: string; path: string; manifest: Manifest; stamp: FileStamp },
): Promise<Served> {
  const { name, path, manifest, stamp } = source;
  const file = await SharedFile.open(path, manifest, stamp, session.handles);
  const known = session.transfers.get(manifest.digest);
  const transfer =
    known ?? new Transfer(manifest, Bitfield.full(manifest.chunkCount), file, session.transferHost);
  const offer = { name, file };
  session.addOffer(transfer, offer);
  const { digest, sizeBytes, chunkBytes, chunkCount } = manifest;
  return { transfer, offer, stamp, file: { name, digest, sizeBytes, chunkBytes, chunkCount } };
}

async function settled(
  answers: readonly Promise<readonly FileResult[]>[],
  signal: AbortSignal,
): Promise<FileResult[]> {
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    const all = await Promise.race([Promise.all(answers), aborted]);
    return all.flat();
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function remember(
  session: PeerSession,
  served: readonly Served[],
  allow: readonly GroupName[] | undefined,
): Promise<void> {
  const addedAt = new Date().toISOString();
  await session.library.put(
    served.map(({ transfer: { manifest }, offer, stamp }) => {
      const { name, file } = offer;
      const { path } = file;
      const { digest } = manifest;
      const origin = 'shared' as const;
      const memory = session.grants?.memoryOf(digest);
      return { manifest, entry: { name, digest, path, stamp, origin, addedAt, allow, ...memory } };
    }),
  );
}
