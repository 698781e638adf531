import type { CutProxy } from '../support/cut-proxy.js';
import type { PeerHome } from '../support/peer-home.js';
import { Actor } from './actor.js';
import type { CatalogueFile } from './catalogue.js';
import type { ChaosLog } from './chaos-log.js';

/** Slow enough that much is under way whenever something fails. */
const UP_RATE = '6MiB';

/** Shares its originals, and goes on after every end: `share` until it worked once, then `seed`. */
export class Publisher extends Actor {
  /** Resolves when everything is registered. */
  readonly published: Promise<void>;
  private hasShared = false;
  private markPublished!: () => void;

  constructor(
    title: string,
    home: PeerHome,
    log: ChaosLog,
    /** In its working folder, by their names. */
    readonly files: readonly CatalogueFile[],
    private readonly proxy: CutProxy,
  ) {
    super(title, home, log);
    this.published = new Promise((resolve) => (this.markPublished = resolve));
  }

  protected async live(): Promise<void> {
    while (!this.mustStop()) await this.serveOnce();
  }

  protected override endService(): void {
    this.program?.signal('SIGTERM');
  }

  private async serveOnce(): Promise<void> {
    const paths = new Set(this.files.map(({ name }) => name.split('/')[0]!));
    const command = this.hasShared ? ['seed'] : ['share', ...paths];
    const flags = ['--up', UP_RATE, '--advertise', this.proxy.url, '--verbose'];
    const program = this.home.start([...command, ...flags]);
    this.program = program;
    try {
      await program.until(() => /^ready /m.test(program.stdout));
      this.proxy.targetPort = Number(/^ready \S+:(\d+)$/m.exec(program.stdout)![1]);
      this.hasShared = true;
      this.markPublished();
    } catch {
      // It was ended before it was ready.
    }
    await this.endOf(program);
  }
}
