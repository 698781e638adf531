import { formatEndpoint } from '#protocol';
import { CommandError } from './cli/command-error.js';
import { StopSignal } from './cli/stop-signal.js';
import { createLog } from './logging/tracker-log.js';
import { serve, type ServingTracker } from './serve.js';
import { openAddresses, type TrackerConfig } from './tracker.config.js';

/** Serves until SIGTERM or SIGINT, then closes cleanly. Throws CommandError, also when the database
 *  turns out to be damaged. */
export async function runTracker(config: TrackerConfig, format: 'json' | 'text'): Promise<void> {
  const log = createLog(format);
  for (const address of openAddresses(config)) {
    log.warn(`--insecure: whoever reaches ${address} may read and change everything here`);
  }
  using stop = new StopSignal();
  await using tracker = await serve(config, log);
  process.stdout.write(`${readyLine(tracker, format)}\n`);
  const end = await Promise.race([stop.received, tracker.damaged]);
  if (end instanceof Error) {
    log.fatal(`${end.message}. Closing`);
    throw new CommandError('DATABASE_UNUSABLE', end.message, { cause: end });
  }
  log.info(`${end}: closing`);
}

function readyLine(tracker: ServingTracker, format: 'json' | 'text'): string {
  const peers = formatEndpoint(tracker.peers);
  const http = formatEndpoint(tracker.http);
  if (format === 'text') return `ready peers=${peers} http=${http}`;
  return JSON.stringify({ event: 'ready', peers, http });
}
