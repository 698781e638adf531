import { performance } from 'node:perf_hooks';
import type { HostNetwork, LinkBytes } from './host-network.js';

const INTERVAL_MS = 100;

/** All links at one moment, in the order of the hosts. */
export interface LinkMoment {
  /** performance.now() */
  readonly atMs: number;
  readonly links: readonly LinkBytes[];
}

/** Reads the counters of all links ten times a second, from zero on. */
export class LinkWatch {
  readonly moments: LinkMoment[] = [];
  private readonly listeners = new Set<(moment: LinkMoment) => void>();
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly network: HostNetwork,
    private readonly before: readonly LinkBytes[],
  ) {}

  static async start(network: HostNetwork): Promise<LinkWatch> {
    const watch = new LinkWatch(network, await network.linkBytes());
    watch.timer = setInterval(() => void watch.look(), INTERVAL_MS);
    return watch;
  }

  onMoment(listener: (moment: LinkMoment) => void): void {
    this.listeners.add(listener);
  }

  /** Takes one last look. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.look();
  }

  /** One line for each moment: milliseconds since `startMs`, then each host's bytes sent and received. */
  renderCsv(startMs: number): string {
    const hosts = this.before.map((_, index) => `sent${index},received${index}`);
    const rows = this.moments.map(({ atMs, links }) => {
      const bytes = links.flatMap(({ sent, received }) => [sent, received]);
      return [(atMs - startMs).toFixed(0), ...bytes].join(',');
    });
    return `${['ms', ...hosts].join(',')}\n${rows.join('\n')}\n`;
  }

  private async look(): Promise<void> {
    const now = await this.network.linkBytes();
    const links = now.map(({ sent, received }, index) => {
      const before = this.before[index]!;
      return { sent: sent - before.sent, received: received - before.received };
    });
    const moment = { atMs: performance.now(), links };
    this.moments.push(moment);
    for (const listener of this.listeners) listener(moment);
  }
}
