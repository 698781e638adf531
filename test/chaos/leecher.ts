import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile } from '../support/sample-content.js';
import type { ActorPlace } from './actor-place.js';
import { Actor } from './actor.js';
import type { CatalogueFile } from './catalogue.js';

/** The exit code of a full disk. */
const DISK_EXIT = 7;
const DOWN_FLAGS = ['--seed', '2s', '--timeout', '15s', '--progress', 'none', '--verbose'];

/** Downloads one thing after the other, serves it for a moment, and forgets it again. */
export class Leecher extends Actor {
  constructor(
    place: ActorPlace,
    private readonly options: {
      readonly files: readonly CatalogueFile[];
      /** Where its files go. */
      readonly folder: string;
      readonly random: () => number;
      /** Whether its disk may be full at times. */
      readonly disk: 'roomy' | 'small';
    },
  ) {
    super(place);
  }

  get folder(): string {
    return this.options.folder;
  }

  protected async live(): Promise<void> {
    while (!this.mustStop()) {
      const request = this.pick();
      const output = join(this.options.folder, ...(request.endsWith('/') ? [] : [request]));
      const program = this.run('download', request, '-o', output, ...DOWN_FLAGS);
      const end = await this.endOf(program, this.options.disk === 'small' ? [DISK_EXIT] : []);
      if (end === 0) await this.check(request);
      // What is there already would only be looked at the next time.
      if (end === 0) await this.forget(request);
    }
  }

  /** A large file, or all of a folder. */
  private pick(): string {
    const { files, random } = this.options;
    const { name } = files[Math.floor(random() * files.length)]!;
    return name.includes('/') ? `${name.split('/')[0]!}/` : name;
  }

  private async check(request: string): Promise<void> {
    const { files, folder } = this.options;
    const wanted = files.filter(({ name }) =>
      request.endsWith('/') ? name.startsWith(request) : name === request,
    );
    for (const { name, sha256 } of wanted) {
      const found = await hashFile(join(folder, name)).catch((error: unknown) => String(error));
      if (found !== sha256) this.log.violation(`${this.title}: ${name} is ${found}, not ${sha256}`);
    }
    this.log.note('download checked', `${this.title} ${request}`);
  }

  private forget(request: string): Promise<void> {
    return rm(join(this.options.folder, request), { recursive: true, force: true });
  }
}
