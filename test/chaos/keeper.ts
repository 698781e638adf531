import { existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActorPlace } from './actor-place.js';
import { Actor } from './actor.js';
import type { CatalogueFile } from './catalogue.js';

/** Damaged where no file has been read for the last time. */
const DAMAGE_BYTES = 64;

/** Downloads everything and then serves it, until its disk lets it down: damaged copies it throws
 *  away and fetches again. */
export class Keeper extends Actor {
  private readonly damaged = new Set<string>();

  constructor(
    place: ActorPlace,
    private readonly options: {
      readonly files: readonly CatalogueFile[];
      readonly folder: string;
    },
  ) {
    super(place);
  }

  /** Overwrites a piece of one of its copies, or cuts it short, behind its back. */
  async damage(how: 'overwrite' | 'truncate', random: () => number): Promise<void> {
    const { files, folder } = this.options;
    const there = files.filter(({ name }) => existsSync(join(folder, name)));
    const chosen = there[Math.floor(random() * there.length)];
    if (chosen === undefined) return;
    this.damaged.add(chosen.name);
    await using file = await open(join(folder, chosen.name), 'r+');
    const { size } = await file.stat();
    const at = Math.floor(random() * size);
    if (how === 'truncate') await file.truncate(at);
    else
      await file.write(Buffer.alloc(DAMAGE_BYTES, 0xdb), 0, Math.min(DAMAGE_BYTES, size - at), at);
    this.log.note(how, `${this.title} ${chosen.name} at ${at}`);
  }

  /** Removes what was damaged: its owner has noticed. */
  async repair(): Promise<void> {
    const names = [...this.damaged];
    this.damaged.clear();
    for (const name of names) await rm(join(this.options.folder, name), { force: true });
  }

  get folder(): string {
    return this.options.folder;
  }

  protected async live(): Promise<void> {
    while (!this.mustStop()) {
      await this.repair();
      await this.fetchMissing();
      if (this.mustStop()) return;
      await this.endOf(this.run('seed', '--verbose'));
    }
  }

  protected override endService(): void {
    this.terminate();
  }

  private async fetchMissing(): Promise<void> {
    const { files, folder } = this.options;
    for (const { name } of files) {
      const path = join(folder, name);
      if (this.mustStop() || existsSync(path)) continue;
      const flags = ['-o', path, '--timeout', '15s', '--progress', 'none'];
      await this.endOf(this.run('download', name, ...flags));
    }
  }
}
