import { spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';

const SIZE_MIB = 64;
const STEP_BYTES = 256 * 1024;

/** A small disk that can be filled up. Needs root: without it, a folder that never is full. */
export class FullDisk implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    readonly kind: 'mounted' | 'folder',
  ) {}

  static async open(folder: string): Promise<FullDisk> {
    await mkdir(folder, { recursive: true });
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', folder]);
    return new FullDisk(folder, mounted.status === 0 ? 'mounted' : 'folder');
  }

  /** Until no byte fits. */
  async fill(): Promise<void> {
    if (this.kind === 'folder') return;
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(STEP_BYTES);
      })(),
    );
    await pipeline(endless, createWriteStream(this.filler)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    });
  }

  async empty(): Promise<void> {
    await rm(this.filler, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.kind === 'mounted') spawnSync('umount', ['-l', this.folder]);
    await rm(this.folder, { recursive: true, force: true });
  }

  private get filler(): string {
    return join(this.folder, 'others-data');
  }
}
