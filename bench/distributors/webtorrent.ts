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
const INSTALL = `npm install --ignore-scripts --prefix ${FOLDER}`;
export const WEBTORRENT_CLI = join(FOLDER, 'node_modules', 'webtorrent-cli', 'bin', 'cmd.js');
export const WEBTORRENT_CLI_ABSENCE = `not installed (${INSTALL} webtorrent-cli)`;

/** WebTorrent from npm, over TCP. */
export const webtorrent = bittorrentDistributor({
  name: 'webtorrent',
  completedPattern: /^complete$/,
  absence() {
    const absence = `not installed (${INSTALL} ${PACKAGES.join(' ')})`;
    return Promise.resolve(existsSync(ENTRY) ? undefined : absence);
  },
  command: ({ place, metainfoPath, job }) => {
    const { folder, port } = place;
    return [process.execPath, SCRIPT, ENTRY, metainfoPath, folder, String(port), job];
  },
});
