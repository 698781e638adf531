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

function renderUntold({ fileCount, error }: SessionEvent & { type: 'completionsUntold' }): string {
  const files = fileCount === 1 ? '1 file is' : `${fileCount} files are`;
  const later =
    error === undefined
      ? 'the next share, download or seed of this home tells it'
      : `this home could not note it either: ${error.message}`;
  return `the tracker was not told that ${files} complete here; ${later}`;
}
