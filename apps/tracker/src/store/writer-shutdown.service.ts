import { setImmediate } from 'node:timers/promises';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { WRITE_QUEUE } from './store.tokens.js';
import type { WriteQueue } from './write-queue.js';

/** Commits what still waits, and lets the replies out, before sockets and database are closed. */
@Injectable()
export class WriterShutdown implements BeforeApplicationShutdown {
  constructor(@Inject(WRITE_QUEUE) private readonly writes: WriteQueue) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.writes.close();
    await setImmediate(); // the replies to the last batch are written in this turn
  }
}
