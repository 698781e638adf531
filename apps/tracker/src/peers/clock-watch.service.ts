import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { TRACKER_CONFIG, type TrackerConfig } from '../tracker.config.js';
import { PeersService } from './peers.service.js';

const MAX_INTERVAL_MS = 5_000;

/**
 * When the wall clock is set back, leases that were given before would last for longer than a lease:
 * they are cut short, also when no tracker ran at the time. A clock that is set forwards ends leases
 * early, and the next heartbeat makes that good.
 */
@Injectable()
export class ClockWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('clock');
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;

  constructor(
    @Inject(PeersService) private readonly peers: PeersService,
    @Inject(TRACKER_CONFIG) private readonly config: TrackerConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.look();
    const intervalMs = Math.min(this.config.leaseMs / 4, MAX_INTERVAL_MS);
    this.timer = setInterval(() => this.look(), intervalMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  private look(): void {
    this.looking ??= this.cut().finally(() => (this.looking = undefined));
  }

  private async cut(): Promise<void> {
    try {
      const cutCount = await this.peers.cutLeases();
      if (cutCount === 0) return;
      this.logger.warn(`the clock was set back: leases that were cut short: ${cutCount}`);
    } catch (error) {
      this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }
}
