import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { WRITE_QUEUE } from './store.tokens.js';
import type { WriteQueue } from './write-queue.js';

/** Commits what still waits before the database is closed. */
@Injectable()
export class WriterShutdown implements BeforeApplicationShutdown {
  constructor(@Inject(WRITE_QUEUE) private readonly writes: WriteQueue) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.writes.close();
  }
}
