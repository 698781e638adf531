import { fileURLToPath } from 'node:url';
import { runCommand } from '../harness/command.js';
import { bittorrentDistributor } from './announced-swarm.js';

const SCRIPT = fileURLToPath(
  new URL('../../../bench/distributors/libtorrent-peer.py', import.meta.url),
);
const PYTHONS = ['/usr/bin/python3', 'python3'];
export const LIBTORRENT_ABSENCE = 'no python3 with libtorrent (Debian: python3-libtorrent)';

/** The first Python here that has the binding. */
export async function findLibtorrentPython(): Promise<string | undefined> {
  for (const python of PYTHONS) {
    const found = await runCommand([python, '-c', 'import libtorrent']).then(
      () => true,
      () => false,
    );
    if (found) return python;
  }
  return undefined;
}

/** libtorrent-rasterbar through its Python binding: one session for each peer, defaults but for TCP alone. */
export const libtorrent = bittorrentDistributor({
  name: 'libtorrent',
  completedPattern: /^complete$/,
  absence: async () => ((await findLibtorrentPython()) ? undefined : LIBTORRENT_ABSENCE),
  async command({ place, metainfoPath, job }) {
    const python = (await findLibtorrentPython()) ?? PYTHONS[0]!;
    const { folder, address, port } = place;
    return [python, '-u', SCRIPT, metainfoPath, folder, `${address}:${port}`, job];
  },
});
