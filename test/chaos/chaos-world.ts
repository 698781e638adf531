import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '../sim/seeded-random.js';
import { CutProxy } from '../support/cut-proxy.js';
import { PeerHome } from '../support/peer-home.js';
import { startTracker } from '../support/start-tracker.js';
import type { TempDir } from '../support/temp-dir.js';
import type { ActorPlace } from './actor-place.js';
import type { Actor } from './actor.js';
import { writeCatalogue, type CatalogueFile } from './catalogue.js';
import type { ChaosLog } from './chaos-log.js';
import { Clock } from '../support/clock.js';
import { FullDisk } from './full-disk.js';
import { Keeper } from './keeper.js';
import { Leecher } from './leecher.js';
import { Publisher } from './publisher.js';
import { TrackerActor } from './tracker-actor.js';

const PUBLISHER_COUNT = 2;
const KEEPER_COUNT = 2;
const LEECHER_COUNT = 6;
export const LEASE_MS = 4_000;
/** Addresses of this machine that nobody else uses. */
const TRACKER_HOST = '127.0.2.1';
const PEER_NETWORK = '127.0.1';

/** A tracker and ten peers that move files for as long as they are let, and all that a chaos needs
 *  to get between them. */
export class ChaosWorld implements AsyncDisposable {
  readonly files: CatalogueFile[] = [];
  readonly publishers: Publisher[] = [];
  readonly keepers: Keeper[] = [];
  readonly leechers: Leecher[] = [];
  private readonly owned: AsyncDisposable[] = [];
  private placeCount = 0;

  private constructor(
    readonly tracker: TrackerActor,
    readonly disk: FullDisk,
    private readonly log: ChaosLog,
  ) {}

  /** Everything is registered when it resolves. */
  static async create(options: {
    root: TempDir;
    seed: number;
    log: ChaosLog;
  }): Promise<ChaosWorld> {
    const { root, log } = options;
    const lease = `${LEASE_MS / 1_000}s`;
    const clock = new Clock(root.file('tracker-clock'));
    const trackerProxy = await CutProxy.open({ host: TRACKER_HOST });
    const running = await startTracker({
      access: 'secured',
      port: trackerProxy.port,
      flags: ['--host', TRACKER_HOST, '--advertise', trackerProxy.url, '--lease', lease],
      data: root.file('tracker'),
      env: clock.environment,
    });
    const backupPath = root.file('tracker-backup.db');
    const tracker = new TrackerActor(running, trackerProxy, clock, backupPath, log);
    const disk = await FullDisk.open(root.file('small-disk'));
    const world = new ChaosWorld(tracker, disk, log);
    world.owned.push(running, trackerProxy, disk);
    await world.addPublishers();
    await Promise.all(world.publishers.map(({ published }) => published));
    await world.addReaders(options.seed);
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

  private async addPublishers(): Promise<void> {
    for (let index = 0; index < PUBLISHER_COUNT; index += 1) {
      const place = await this.newPlace(`publisher ${index}`);
      const files = await writeCatalogue(index, (name) => place.home.file(name));
      this.files.push(...files);
      const publisher = new Publisher(place, files);
      this.publishers.push(publisher);
      publisher.start();
    }
  }

  private async addReaders(seed: number): Promise<void> {
    const { files } = this;
    for (let index = 0; index < KEEPER_COUNT; index += 1) {
      const place = await this.newPlace(`keeper ${index}`);
      const folder = place.home.file('kept');
      await mkdir(folder);
      const large = files.filter(({ name }) => !name.includes('/'));
      this.keepers.push(new Keeper(place, { files: large, folder }));
    }
    for (let index = 0; index < LEECHER_COUNT; index += 1) {
      const place = await this.newPlace(`leecher ${index}`);
      const disk = index === 0 ? 'small' : 'roomy';
      const folder = disk === 'small' ? join(this.disk.folder, 'got') : place.home.file('got');
      await mkdir(folder, { recursive: true });
      const random = seededRandom(seed + index);
      this.leechers.push(new Leecher(place, { files, folder, random, disk }));
    }
    for (const reader of [...this.keepers, ...this.leechers]) reader.start();
  }

  /** Each place has an address of its own on this machine: its processes can listen where the one
   *  before did, and nobody else does. */
  private async newPlace(title: string): Promise<ActorPlace> {
    this.placeCount += 1;
    const host = `${PEER_NETWORK}.${this.placeCount}`;
    const home = await PeerHome.create(this.tracker.tracker);
    const proxy = await CutProxy.open({ host });
    this.owned.push(home, proxy);
    const clock = new Clock(home.file('clock'));
    return { title, home, clock, proxy, listen: { host, port: proxy.port }, log: this.log };
  }
}
