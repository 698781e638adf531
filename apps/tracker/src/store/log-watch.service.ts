import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { LogKeeper } from './log-keeper.js';
import type { DamageWatch } from './damage-watch.js';
import { DAMAGE_WATCH, LOG_KEEPER } from './store.tokens.js';

const LOOK_INTERVAL_MS = 10_000;

/** Looks after the size of the write-ahead log from time to time. */
@Injectable()
export class LogWatchService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('store');
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(LOG_KEEPER) private readonly keeper: LogKeeper,
    @Inject(DAMAGE_WATCH) private readonly damage: DamageWatch,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.look(), LOOK_INTERVAL_MS);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    if (this.damage.isFound) return;
    try {
      this.keeper.look();
    } catch (error) {
      this.damage.look(error);
      this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }
}
