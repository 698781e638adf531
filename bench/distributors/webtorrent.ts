import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bittorrentDistributor } from './announced-swarm.js';

const SCRIPT = fileURLToPath(
  new URL('../../../bench/distributors/webtorrent-peer.mjs', import.meta.url),
);
/** Packages that are compared with, and are no dependency of ours. */
const FOLDER = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'shoal-bench');
// With a later uint8-util this version of WebTorrent does not start.
const PACKAGES = ['webtorrent@2.8.5', 'uint8-util@2.2.5'];
const ENTRY = join(FOLDER, 'node_modules', 'webtorrent', 'index.js');

/** WebTorrent from npm, over TCP. */
export const webtorrent = bittorrentDistributor({
  name: 'webtorrent',
  completedPattern: /^complete$/,
  absence() {
    const install = `npm install --ignore-scripts --prefix ${FOLDER} ${PACKAGES.join(' ')}`;
    return Promise.resolve(existsSync(ENTRY) ? undefined : `not installed (${install})`);
  },
  command: ({ place, metainfoPath, job }) => {
    const { folder, port } = place;
    return [process.execPath, SCRIPT, ENTRY, metainfoPath, folder, String(port), job];
  },
});
