import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasProgram } from '../harness/command.js';
import { bittorrentDistributor } from './announced-swarm.js';

const SETTINGS = {
  'dht-enabled': false,
  'lpd-enabled': false,
  'utp-enabled': false,
  'port-forwarding-enabled': false,
};

/** transmission-cli: it never ends by itself, and takes no peers on 127.0.0.1. */
export const transmission = bittorrentDistributor({
  name: 'transmission',
  completedPattern: /^Seeding/,
  mustBeStopped: true,
  refusesLoopback: true,
  async absence() {
    const isPresent = await hasProgram('transmission-cli');
    return isPresent ? undefined : 'no transmission-cli (Debian: transmission-cli)';
  },
  async command({ place, metainfoPath }) {
    const config = join(place.folder, 'transmission');
    await mkdir(config, { recursive: true });
    await writeFile(join(config, 'settings.json'), JSON.stringify(SETTINGS));
    const where = ['-g', config, '-w', place.folder, '-p', String(place.port)];
    return ['transmission-cli', '-M', '-D', '-U', ...where, metainfoPath];
  },
});
