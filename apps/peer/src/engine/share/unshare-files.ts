import { newPeerId, newSession } from '#identity';
import { API_VERSION, type FileResult } from '#protocol';
import type { Home } from '../../disk/home.js';
import { TrackerClient } from '../../net/tracker-client.js';
import { parseFileRef } from '../lookup/find-files.js';
import type { NetworkAccess } from '../membership/network-access.js';
import { trackerPath } from '../membership/tracker-paths.js';
import { callError, refusalError } from '../lookup/tracker-refusal.js';

export interface UnshareOptions {
  readonly network: NetworkAccess;
  /** `purge` removes the names from the tracker too. */
  readonly naming: 'keep' | 'purge';
  readonly programVersion: string;
  readonly hostname: string;
  readonly signal: AbortSignal;
}

/** One name that is no longer offered, and the local files that stood behind it. */
export interface UnsharedFile {
  readonly name: string;
  readonly paths: readonly string[];
}

/** Takes names out of the library, so that no process of this home serves them, and tells the
 *  tracker for all of them. Throws TransferError INVALID_NAME, FILE_NOT_FOUND when neither library nor tracker
 *  knows a name, NAME_NOT_YOURS, or TRACKER_UNREACHABLE (the library is changed by then). */
export async function unshareFiles(
  home: Home,
  refs: readonly string[],
  { network, naming, programVersion, hostname, signal }: UnshareOptions,
): Promise<UnsharedFile[]> {
  const names = refs.map(parseFileRef);
  const removed: UnsharedFile[] = [];
  for (const name of names) {
    const entries = await home.library.remove({ name });
    removed.push({ name, paths: entries.map((entry) => entry.path) });
  }
  using client = new TrackerClient(trackerPath(home, network));
  const caller = { peerId: newPeerId(home.identity), session: newSession() };
  let results: readonly FileResult[];
  try {
    const about = { programVersion, hostname, os: process.platform, labels: [], endpoints: [] };
    const offers = { apiVersions: [API_VERSION], features: [] };
    await client.call('join', { ...caller, ...about, ...offers }, { signal });
    const files = names.map((ref) => ({ ref, scope: 'identity' as const, naming }));
    ({ results } = await client.call('unshare', { ...caller, files }, { signal }));
    await client.call('leave', caller, { signal });
  } catch (error) {
    throw callError(error, names.join(', '));
  }
  for (const [index, { name, paths }] of removed.entries()) {
    const result = results[index];
    if (result?.ok !== false) continue;
    if (result.code === 'FILE_NOT_FOUND' && paths.length > 0) continue;
    throw refusalError(result, name);
  }
  return removed;
}
