import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { LeaseSweepService } from '../peers/lease-sweep.service.js';
import { toIsoTime } from '../store/sql.js';
import { TRACKER_CONFIG, type TrackerConfig } from '../tracker.config.js';
import { IdleFiles } from './idle-files.service.js';
import { OldCompletions } from './old-completions.service.js';
import { OldVersions } from './old-versions.service.js';

/** All names, files and completions are looked at this often. */
const HISTORY_INTERVAL_MS = 60 * 60_000;

/** Forgets what was, and is of no use any more, as the configuration says. */
@Injectable()
export class HistorySweep implements OnModuleInit {
  private readonly logger = new Logger('history');
  private lastMs = -Infinity;

  constructor(
    @Inject(LeaseSweepService) private readonly sweep: LeaseSweepService,
    @Inject(TRACKER_CONFIG) private readonly config: TrackerConfig,
    @Inject(OldVersions) private readonly versions: OldVersions,
    @Inject(IdleFiles) private readonly files: IdleFiles,
    @Inject(OldCompletions) private readonly completions: OldCompletions,
  ) {}

  onModuleInit(): void {
    this.sweep.whenSweeping(async (nowMs, signal) => {
      // A clock that was ahead and is set back must not put off the next time.
      if (Math.abs(nowMs - this.lastMs) < HISTORY_INTERVAL_MS) return;
      await this.prune(nowMs, signal);
      this.lastMs = nowMs;
    });
  }

  private async prune(nowMs: number, signal: AbortSignal): Promise<void> {
    const { keepHistoryMs, keepCompletionsMs } = this.config;
    if (keepHistoryMs !== null) {
      const before = toIsoTime(nowMs - keepHistoryMs);
      this.tell(await this.versions.prune(before, signal), 'old versions of names');
      this.tell(await this.files.prune({ nowMs, before }, signal), 'files that nobody needs');
    }
    if (keepCompletionsMs !== null) {
      const before = toIsoTime(nowMs - keepCompletionsMs);
      this.tell(await this.completions.prune(before, signal), 'old completions');
    }
  }

  private tell(count: number, what: string): void {
    if (count > 0) this.logger.log(`forgot ${count} ${what}`);
  }
}
