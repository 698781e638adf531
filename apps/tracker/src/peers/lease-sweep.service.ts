import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { toIsoTime } from '../store/sql.js';
import { PeersService } from './peers.service.js';

/** Leases need no sweep, they are compared with the clock. This one forgets who stays away. */
const SWEEP_INTERVAL_MS = 60_000;
/** A peer that fell silent is remembered as an offline host for this long. */
export const SILENT_PEER_RETENTION_MS = 7 * 24 * 60 * 60_000;
/** A peer that left holds nothing any more. */
export const LEFT_PEER_RETENTION_MS = 24 * 60 * 60_000;

/** Called with the time at each sweep; the signal ends a long one between two writes. */
export type SweepListener = (nowMs: number, signal: AbortSignal) => Promise<unknown>;

@Injectable()
export class LeaseSweepService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('sweep');
  private readonly listeners: SweepListener[] = [];
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> = Promise.resolve();
  private readonly stopping = new AbortController();

  constructor(@Inject(PeersService) private readonly peers: PeersService) {}

  whenSweeping(listener: SweepListener): void {
    this.listeners.push(listener);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.sweep(Date.now()), SWEEP_INTERVAL_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.sweeping;
  }

  /** One at a time. */
  sweep(nowMs: number): Promise<void> {
    this.sweeping = this.sweeping.then(() => this.sweepNow(nowMs, this.stopping.signal));
    return this.sweeping;
  }

  private async sweepNow(nowMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      const left = toIsoTime(nowMs - LEFT_PEER_RETENTION_MS);
      const silent = toIsoTime(nowMs - SILENT_PEER_RETENTION_MS);
      const prunedCount = await this.peers.prune({ left, silent }, signal);
      if (prunedCount > 0) this.logger.log(`forgot ${prunedCount} peers that stayed away`);
      for (const listener of this.listeners) await listener(nowMs, signal);
    } catch (error) {
      this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }
}
