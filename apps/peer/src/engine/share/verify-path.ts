import { resolve } from 'node:path';
import type { ChunkIndex, Manifest } from '#protocol';
import { TransferError } from '../../core/transfer-error.js';
import type { Home } from '../../disk/home.js';
import { assertVerifiable, verifyFile } from '../../disk/verify-file.js';
import type { NetworkAccess } from '../membership/network-access.js';
import { NetworkLookup } from '../lookup/network-lookup.js';

export interface VerifyOptions {
  readonly network: NetworkAccess;
  readonly cwd: string;
  readonly onProgress: (verifiedBytes: number) => void;
  readonly signal: AbortSignal;
}

export interface VerifyReport {
  readonly name: string;
  readonly digest: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly chunkCount: number;
  /** Indexes of the chunks that differ, in order. */
  readonly badChunks: readonly ChunkIndex[];
  readonly sizeMatches: boolean;
  readonly ok: boolean;
}

/** Compares a local file with its manifest: the network's for `name`, else the library's for the
 *  path. Throws TransferError PATH_NOT_FOUND, FILE_NOT_FOUND, TRACKER_UNREACHABLE or a disk's. */
export async function verifyPath(
  home: Home,
  what: { path: string; name: string | undefined },
  { network, cwd, onProgress, signal }: VerifyOptions,
): Promise<VerifyReport> {
  const path = resolve(cwd, what.path);
  await assertVerifiable(path);
  const { name, manifest } =
    what.name === undefined
      ? await fromLibrary(home, path)
      : await fromNetwork(home, network, what.name, signal);
  const verification = await verifyFile(path, manifest, { signal, onProgress });
  const { badChunks, sizeBytes, sizeMatches } = verification;
  const { digest, chunkCount } = manifest;
  const ok = sizeMatches && badChunks.length === 0;
  return { name, digest, path, sizeBytes, chunkCount, badChunks, sizeMatches, ok };
}

async function fromLibrary(
  home: Home,
  path: string,
): Promise<{ name: string; manifest: Manifest }> {
  const entries = await home.library.entries();
  const entry = entries.findLast((candidate) => candidate.path === path);
  if (entry === undefined) {
    const message = `${path} was neither shared nor downloaded here: say which NAME it should be`;
    throw new TransferError('FILE_NOT_FOUND', message);
  }
  return { name: entry.name, manifest: await home.library.manifestOf(entry) };
}

async function fromNetwork(
  home: Home,
  network: NetworkAccess,
  name: string,
  signal: AbortSignal,
): Promise<{ name: string; manifest: Manifest }> {
  using lookup = new NetworkLookup(home, network);
  const { manifest } = await lookup.manifest(name, { signal });
  return { name, manifest };
}
