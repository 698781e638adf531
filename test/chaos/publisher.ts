import type { ActorPlace } from './actor-place.js';
import { Actor } from './actor.js';
import type { CatalogueFile } from './catalogue.js';

/** Slow enough that much is under way whenever something fails. */
const UP_RATE = '6MiB';

/** Shares its originals, and goes on after every end: `share` until it worked once, then `seed`. */
export class Publisher extends Actor {
  /** Resolves when everything is registered. */
  readonly published: Promise<void>;
  private hasShared = false;
  private markPublished!: () => void;

  constructor(
    place: ActorPlace,
    /** In its working folder, by their names. */
    readonly files: readonly CatalogueFile[],
  ) {
    super(place);
    this.published = new Promise((resolve) => (this.markPublished = resolve));
  }

  protected async live(): Promise<void> {
    while (!this.mustStop()) await this.serveOnce();
  }

  protected override endService(): void {
    this.terminate();
  }

  private async serveOnce(): Promise<void> {
    const paths = new Set(this.files.map(({ name }) => name.split('/')[0]!));
    const [command, args] = this.hasShared ? ['seed', []] : ['share', [...paths]];
    const program = this.run(command, ...args, '--up', UP_RATE, '--verbose');
    try {
      await program.until(() => /^ready /m.test(program.stdout));
      this.hasShared = true;
      this.markPublished();
    } catch {
      // It was ended before it was ready.
    }
    await this.endOf(program);
  }
}
