import { link, stat, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MeasuredProgram } from '../harness/measured-program.js';
import type { Stage } from '../harness/stage.js';
import type { Distribution, Distributor, Fetch, Place } from './distributor.js';
import { writeMetainfo } from './metainfo.js';

const ANNOUNCE_PROGRAM = fileURLToPath(new URL('./announce-program.js', import.meta.url));

/** A program that speaks BitTorrent. Its file lies, or will lie, in the place's folder. */
export interface BittorrentClient {
  readonly name: string;
  absence(): Promise<string | undefined>;
  /** The command for a peer at this place; one that has the whole file already may say so. */
  command(options: {
    readonly place: Place;
    readonly metainfoPath: string;
    readonly job: 'offer' | 'fetch and leave' | 'fetch and stay';
  }): Promise<readonly string[]> | readonly string[];
  /** What it prints when it has stored everything. */
  readonly completedPattern: RegExp;
  readonly refusesLoopback?: boolean;
  /** Whether it stays although it was told to leave, so that it has to be stopped. */
  readonly mustBeStopped?: boolean;
}

/** The client as a distributor, with a tracker of our own that answers at once. */
export function bittorrentDistributor(client: BittorrentClient): Distributor {
  return {
    name: client.name,
    refusesLoopback: client.refusesLoopback ?? false,
    absence: () => client.absence(),
    open: (stage, place, filePath) => AnnouncedSwarm.open(client, stage, place, filePath),
  };
}

class AnnouncedSwarm implements Distribution {
  private constructor(
    private readonly client: BittorrentClient,
    private readonly stage: Stage,
    readonly tracker: MeasuredProgram,
    private readonly filePath: string,
    private readonly metainfoPath: string,
  ) {}

  static async open(
    client: BittorrentClient,
    stage: Stage,
    place: Place,
    filePath: string,
  ): Promise<AnnouncedSwarm> {
    const tracker = stage.start({
      title: 'announce program',
      command: [process.execPath, ANNOUNCE_PROGRAM, place.address],
      prefix: place.prefix,
    });
    const { line } = await tracker.line(/^ready /);
    const metainfoPath = join(place.folder, 'data.metainfo');
    const announceUrl = `http://${line.slice('ready '.length)}/announce`;
    await writeMetainfo({ filePath, announceUrl, metainfoPath });
    return new AnnouncedSwarm(client, stage, tracker, filePath, metainfoPath);
  }

  async offer(place: Place): Promise<MeasuredProgram> {
    // A folder cannot be in two places.
    const isFolder = (await stat(this.filePath)).isDirectory();
    await (isFolder ? symlink : link)(this.filePath, this.pathAt(place));
    const known = this.tracker.line(new RegExp(`^complete .*:${place.port}$`));
    const program = await this.start(place, 'offer');
    await Promise.race([known, program.succeeded()]);
    return program;
  }

  async fetch(place: Place, afterwards: 'leave' | 'stay'): Promise<Fetch> {
    const { completedPattern, mustBeStopped } = this.client;
    const program = await this.start(place, `fetch and ${afterwards}`);
    const completed = program.line(completedPattern).then(({ atMs }) => {
      if (afterwards === 'leave' && mustBeStopped === true) program.signal('SIGTERM');
      return atMs;
    });
    completed.catch(() => undefined);
    return { program, path: this.pathAt(place), completed };
  }

  private pathAt(place: Place): string {
    return join(place.folder, basename(this.filePath));
  }

  private async start(
    place: Place,
    job: 'offer' | 'fetch and leave' | 'fetch and stay',
  ): Promise<MeasuredProgram> {
    const { metainfoPath, client, stage } = this;
    const { title, prefix, folder, logFolder } = place;
    const log = logFolder === undefined ? {} : { logPath: join(logFolder, `${title}.log`) };
    const command = await client.command({ place, metainfoPath, job });
    return stage.start({
      title: `${client.name} at ${title}`,
      command,
      prefix,
      cwd: folder,
      ...log,
    });
  }
}
