import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system in memory, where the system has one. */
const MEMORY = '/dev/shm';

/** A folder of a test's own; gone at the end. */
export class TempDir implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async create(): Promise<TempDir> {
    return await TempDir.createIn(tmpdir());
  }

  /** For what need not last, and would wait for the disk again and again. */
  static async createInMemory(): Promise<TempDir> {
    return await TempDir.createIn(existsSync(MEMORY) ? MEMORY : tmpdir());
  }

  file(name: string): string {
    return join(this.path, name);
  }

  private static async createIn(parent: string): Promise<TempDir> {
    return new TempDir(await mkdtemp(join(parent, 'shoal-test-')));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}
