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
  if (config.access === 'open') {
    for (const address of openAddresses(config)) {
      log.warn(`--insecure: whoever reaches ${address} may read and change everything here`);
    }
  }
  using stop = new StopSignal();
  await using tracker = await serve(config, log);
  process.stdout.write(`${readyLines(tracker, format).join('\n')}\n`);
  const end = await Promise.race([stop.received, tracker.damaged]);
  if (end instanceof Error) {
    log.fatal(`${end.message}. Closing`);
    throw new CommandError('DATABASE_UNUSABLE', end.message, { cause: end });
  }
  log.info(`${end}: closing`);
}

/** The first line says it all. The one to paste on other machines follows as long as nobody can have
 *  pasted it. */
function readyLines(tracker: ServingTracker, format: 'json' | 'text'): string[] {
  const { invite } = tracker;
  const peers = formatEndpoint(tracker.peers);
  const http = formatEndpoint(tracker.http);
  if (format === 'json')
    return [JSON.stringify({ event: 'ready', peers, http, invite: invite?.line })];
  const ready = `ready peers=${peers} http=${http}`;
  if (invite === undefined) return [ready];
  const lines = [`${ready} invite=${invite.line}`];
  return invite.origin === 'new' ? [...lines, `peer join ${invite.line}`] : lines;
}
