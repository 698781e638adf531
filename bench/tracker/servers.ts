import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PinnedServer } from './pinned-server.js';

const besideUs = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Seen from where the build puts this file.
const TRACKER_BIN = besideUs('../../../apps/tracker/bin/tracker.js');
const EMPTY_HANDLER = besideUs('./empty-handler.js');
const ANNOUNCE_SERVER = besideUs('./announce-server.js');
/** Nobody's lease runs out while a population is loaded. */
const LEASE = '12h';

/** The built tracker on a data folder, with flags for Node before it. A secured one leaves what its
 *  user's peers look for beside its data. */
export function startTracker(
  data: string,
  access: 'open' | 'secured',
  runtimeFlags: readonly string[],
): Promise<PinnedServer> {
  const flags = ['--port', '0', '--http-port', '0', '--data', data, '--lease', LEASE];
  const insecure = access === 'open' ? ['--insecure'] : [];
  const args = [...runtimeFlags, TRACKER_BIN, 'start', ...insecure, ...flags];
  return PinnedServer.start(args, { XDG_DATA_HOME: data });
}

export function startEmptyHandler(): Promise<PinnedServer> {
  return PinnedServer.start([EMPTY_HANDLER]);
}

/** The rival; undefined when it is not installed in this folder. */
export async function startAnnounceServer(folder: string): Promise<PinnedServer | undefined> {
  const path = join(folder, 'node_modules', 'bittorrent-tracker');
  if (folder === '' || !existsSync(path)) return undefined;
  return PinnedServer.start([ANNOUNCE_SERVER, path]);
}
