import { formatEndpoint } from '#protocol';
import type { SessionEvent } from '../engine/session-event.js';

/** One line for people; undefined for what `importance` leaves out. */
export function renderSessionEvent(
  event: SessionEvent,
  importance: 'important' | 'all',
): string | undefined {
  switch (event.type) {
    case 'withdrawn':
      return `withdrawn ${event.names.join(', ')}: ${event.error.message}`;
    case 'waiting':
      return `waiting for ${event.name}: ${event.reason}`;
    case 'trackerLost':
      return `${event.error.message}; going on without it`;
    case 'trackerBack':
      return 'the tracker answers again';
    case 'reachability':
      return renderReachability(event, importance);
    case 'completionsUntold':
      return renderUntold(event);
    case 'peerBanned':
      return `banned ${event.peerId}: ${event.code}`;
    case 'peerStruck':
      return `struck ${event.peerId}: ${event.code}`;
    case 'peerDoubted':
      if (importance === 'important') return undefined;
      return event.doubt === 'SNUBBED'
        ? `snubbed ${event.peerId}: it owes chunks and sends next to nothing`
        : `gave up on ${event.peerId} for now: ${event.doubt}`;
    case 'connectionFailed':
      if (importance === 'important') return undefined;
      return `connection to ${event.peerId} failed: ${event.error.message}`;
  }
}

/** That all is well is no news; that it is well again is some, for whoever looks closely. */
function renderReachability(
  { reachable, endpoint }: SessionEvent & { type: 'reachability' },
  importance: 'important' | 'all',
): string | undefined {
  const where = formatEndpoint(endpoint);
  if (reachable) return importance === 'all' ? `others can connect to ${where}` : undefined;
  return (
    `others cannot connect to ${where}: it goes on downloading, and uploads over connections that it ` +
    'opens; open the port in the firewall, or name another address with --advertise'
  );
}

function renderUntold({ fileCount, error }: SessionEvent & { type: 'completionsUntold' }): string {
  const files = fileCount === 1 ? '1 file is' : `${fileCount} files are`;
  const later =
    error === undefined
      ? 'the next share, download or seed of this home tells it'
      : `this home could not note it either: ${error.message}`;
  return `the tracker was not told that ${files} complete here; ${later}`;
}
