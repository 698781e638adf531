import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasProgram } from '../harness/command.js';
import { bittorrentDistributor } from './announced-swarm.js';

const COMMON_FLAGS = [
  '--no-conf',
  '--enable-dht=false',
  '--enable-dht6=false',
  '--bt-enable-lpd=false',
  '--disable-ipv6=true',
  '--file-allocation=falloc',
  '--summary-interval=0',
];

/** aria2c as a BitTorrent peer: over HTTP it has no swarm. */
export const aria2 = bittorrentDistributor({
  name: 'aria2',
  completedPattern: /^complete$/,
  absence: async () => ((await hasProgram('aria2c')) ? undefined : 'no aria2c (Debian: aria2)'),
  async command({ place, metainfoPath, job }) {
    const hook = join(place.folder, 'completed.sh');
    await writeFile(hook, '#!/bin/sh\necho\necho complete\n');
    await chmod(hook, 0o755);
    const jobFlags = {
      offer: ['--check-integrity=true', '--seed-ratio=0.0'],
      'fetch and stay': ['--seed-ratio=0.0', `--on-bt-download-complete=${hook}`],
      'fetch and leave': ['--seed-time=0', `--on-bt-download-complete=${hook}`],
    }[job];
    const where = [`--dir=${place.folder}`, `--listen-port=${place.port}`];
    return ['aria2c', ...COMMON_FLAGS, ...where, ...jobFlags, `--torrent-file=${metainfoPath}`];
  },
});
