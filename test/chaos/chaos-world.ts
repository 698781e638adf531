import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '../sim/seeded-random.js';
import { CutProxy } from '../support/cut-proxy.js';
import { PeerHome } from '../support/peer-home.js';
import { startTracker } from '../support/start-tracker.js';
import type { TempDir } from '../support/temp-dir.js';
import type { Actor } from './actor.js';
import { writeCatalogue, type CatalogueFile } from './catalogue.js';
import type { ChaosLog } from './chaos-log.js';
import { FullDisk } from './full-disk.js';
import { Keeper } from './keeper.js';
import { Leecher } from './leecher.js';
import { Publisher } from './publisher.js';
import { TrackerActor } from './tracker-actor.js';

export const PUBLISHER_COUNT = 2;
export const KEEPER_COUNT = 2;
export const LEECHER_COUNT = 6;
export const LEASE_MS = 4_000;

/** A tracker and ten peers that move files for as long as they are let, and all that a chaos needs
 *  to get between them. */
export class ChaosWorld implements AsyncDisposable {
  readonly files: CatalogueFile[] = [];
  readonly publishers: Publisher[] = [];
  readonly keepers: Keeper[] = [];
  readonly leechers: Leecher[] = [];
  readonly proxies: CutProxy[] = [];
  private readonly owned: AsyncDisposable[] = [];

  private constructor(
    readonly tracker: TrackerActor,
    readonly disk: FullDisk,
  ) {}

  /** Everything is registered when it resolves. */
  static async create(options: {
    root: TempDir;
    seed: number;
    log: ChaosLog;
  }): Promise<ChaosWorld> {
    const { root, log } = options;
    const lease = `${LEASE_MS / 1_000}s`;
    const running = await startTracker({ flags: ['--lease', lease], data: root.file('tracker') });
    const trackerProxy = await CutProxy.open();
    const tracker = new TrackerActor(running, trackerProxy, root.file('tracker-backup.db'), log);
    const disk = await FullDisk.open(root.file('small-disk'));
    const world = new ChaosWorld(tracker, disk);
    world.owned.push(running, trackerProxy, disk);
    await world.addPublishers(trackerProxy.url, log);
    await Promise.all(world.publishers.map(({ published }) => published));
    await world.addReaders(trackerProxy.url, options);
    return world;
  }

  get actors(): readonly Actor[] {
    return [...this.publishers, ...this.keepers, ...this.leechers];
  }

  /** Lets every command end by itself. */
  async stop(): Promise<void> {
    await this.disk.empty();
    await this.tracker.settled();
    await Promise.all(this.actors.map((actor) => actor.stop()));
    for (const keeper of this.keepers) await keeper.repair();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thing of this.owned.reverse()) await thing[Symbol.asyncDispose]();
  }

  private async addPublishers(trackerUrl: string, log: ChaosLog): Promise<void> {
    for (let index = 0; index < PUBLISHER_COUNT; index += 1) {
      const home = await this.newHome(trackerUrl);
      const proxy = await CutProxy.open();
      this.owned.push(proxy);
      this.proxies.push(proxy);
      const files = await writeCatalogue(index, (name) => home.file(name));
      this.files.push(...files);
      const publisher = new Publisher(`publisher ${index}`, home, log, files, proxy);
      this.publishers.push(publisher);
      publisher.start();
    }
  }

  private async addReaders(
    trackerUrl: string,
    { seed, log }: { seed: number; log: ChaosLog },
  ): Promise<void> {
    const { files } = this;
    for (let index = 0; index < KEEPER_COUNT; index += 1) {
      const home = await this.newHome(trackerUrl);
      const folder = home.file('kept');
      await mkdir(folder);
      const large = files.filter(({ name }) => !name.includes('/'));
      this.keepers.push(new Keeper(`keeper ${index}`, home, log, { files: large, folder }));
    }
    for (let index = 0; index < LEECHER_COUNT; index += 1) {
      const home = await this.newHome(trackerUrl);
      const disk = index === 0 ? 'small' : 'roomy';
      const folder = disk === 'small' ? join(this.disk.folder, 'got') : home.file('got');
      await mkdir(folder, { recursive: true });
      const random = seededRandom(seed + index);
      const options = { files, folder, random, disk } as const;
      this.leechers.push(new Leecher(`leecher ${index}`, home, log, options));
    }
    for (const reader of [...this.keepers, ...this.leechers]) reader.start();
  }

  private async newHome(trackerUrl: string): Promise<PeerHome> {
    const home = await PeerHome.create(trackerUrl);
    this.owned.push(home);
    return home;
  }
}
