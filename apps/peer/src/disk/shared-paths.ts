import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { parseName, parsePrefix, ProtocolError } from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import { onDiskSync } from './disk-error.js';
import { walkFolder, type FoundFile } from './shared-folder.js';

const MAX_SHARED_FILE_COUNT = 1_000_000;
/** Files looked at before the event loop gets a turn. */
const FILES_PER_TURN = 500;

/** A file to share and the name it gets. */
export interface SharedPath {
  /** Absolute. */
  readonly path: string;
  readonly name: string;
  /** When it was looked at. */
  readonly sizeBytes: number;
}

export interface SharedPathsOptions {
  /** Files and folders; at least one. */
  readonly paths: readonly string[];
  /** For a single file, in the place of its base name. */
  readonly name?: string | undefined;
  /** A folder of names before all, with or without its final `/`. */
  readonly prefix?: string | undefined;
  readonly cwd: string;
}

/** The files that PATH arguments stand for, sorted by name. Throws TransferError PATH_NOT_FOUND,
 *  INVALID_NAME (also when two files would have one name), OUTSIDE_FOLDER, DISK_PERMISSION, and
 *  USAGE for what cannot be shared. */
export async function expandSharedPaths(
  options: SharedPathsOptions,
  { signal }: { signal: AbortSignal },
): Promise<SharedPath[]> {
  const prefix = prefixOf(options.prefix);
  const byName = new Map<string, SharedPath>();
  let lookedAtCount = 0;
  for (const { path, localName, sizeBytes } of findFiles(options)) {
    const name = nameOf(prefix + localName);
    const other = byName.get(name);
    if (other !== undefined && other.path !== path) throw sameName(name, [other.path, path]);
    byName.set(name, { path, name, sizeBytes });
    if (byName.size > MAX_SHARED_FILE_COUNT) {
      throw new TransferError('USAGE', `more than ${MAX_SHARED_FILE_COUNT} files at once`);
    }
    lookedAtCount += 1;
    if (lookedAtCount % FILES_PER_TURN === 0) await setImmediate();
    signal.throwIfAborted();
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

type NamedFile = Omit<FoundFile, 'relativePath'> & { readonly localName: string };

function* findFiles({ paths, name, cwd }: SharedPathsOptions): Generator<NamedFile, void, void> {
  if (name !== undefined && paths.length !== 1) {
    throw new TransferError('USAGE', 'a name can be given to one file only');
  }
  for (const argument of paths) {
    const path = resolve(cwd, argument);
    const context = { path, verb: 'share', missing: 'PATH_NOT_FOUND' } as const;
    const stats = onDiskSync(context, () => statSync(path));
    if (stats.isFile()) {
      yield { path, localName: name ?? basename(path), sizeBytes: stats.size };
    } else if (!stats.isDirectory()) {
      throw new TransferError('USAGE', `${path} is a device, pipe or socket, not a regular file`);
    } else if (name !== undefined) {
      throw new TransferError('USAGE', `${path} is a folder: a name can be given to one file only`);
    } else {
      yield* findInFolder(path);
    }
  }
}

function* findInFolder(folder: string): Generator<NamedFile, void, void> {
  const folderName = basename(folder);
  if (folderName === '') throw new TransferError('USAGE', `${folder} has no name to share it by`);
  let isEmpty = true;
  for (const { path, relativePath, sizeBytes } of walkFolder(folder)) {
    isEmpty = false;
    yield { path, localName: `${folderName}/${relativePath}`, sizeBytes };
  }
  if (isEmpty) throw new TransferError('USAGE', `there are no files in ${folder}`);
}

function prefixOf(prefix: string | undefined): string {
  if (prefix === undefined || prefix === '') return '';
  const checked = parsed(() => parsePrefix(prefix), `the prefix ${JSON.stringify(prefix)}`);
  return checked.endsWith('/') ? checked : `${checked}/`;
}

function nameOf(text: string): string {
  return parsed(() => parseName(text), `the name ${JSON.stringify(text.slice(0, 120))}`);
}

function parsed<T>(parse: () => T, subject: string): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const message = `${subject} is not valid: ${String(error.details['reason'])}`;
    throw new TransferError('INVALID_NAME', message, { cause: error });
  }
}

function sameName(name: string, paths: readonly string[]): TransferError {
  const message = `${paths.join(' and ')} would both be called ${name}: give one a prefix`;
  return new TransferError('INVALID_NAME', message);
}
