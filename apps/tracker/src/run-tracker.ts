import { formatEndpoint } from '#protocol';
import { StopSignal } from './cli/stop-signal.js';
import { createLog } from './logging/tracker-log.js';
import { serve, type ServingTracker } from './serve.js';
import { openAddresses, type TrackerConfig } from './tracker.config.js';

/** Serves until SIGTERM or SIGINT, then closes cleanly. Throws CommandError. */
export async function runTracker(config: TrackerConfig, format: 'json' | 'text'): Promise<void> {
  const log = createLog(format);
  for (const address of openAddresses(config)) {
    log.warn(`--insecure: whoever reaches ${address} may read and change everything here`);
  }
  using stop = new StopSignal();
  await using tracker = await serve(config, log);
  process.stdout.write(`${readyLine(tracker, format)}\n`);
  const signal = await stop.received;
  log.info(`${signal}: closing`);
}

function readyLine(tracker: ServingTracker, format: 'json' | 'text'): string {
  const peers = formatEndpoint(tracker.peers);
  const http = formatEndpoint(tracker.http);
  if (format === 'text') return `ready peers=${peers} http=${http}`;
  return JSON.stringify({ event: 'ready', peers, http });
}
