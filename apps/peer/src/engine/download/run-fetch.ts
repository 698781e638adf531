import type { DownloadOrder } from './download-job.js';
import type { Fetch } from '../transfer/fetch.js';
import type { PeerSession } from '../peer-session.js';
import type { Transfer } from '../transfer/transfer.js';
import { WaitWatch } from './wait-watch.js';

/** Takes part in the swarm until the fetch has everything, or the signal or the order's time-out
 *  stops it; then rejects with the reason. */
export async function runFetch(
  session: PeerSession,
  fetching: {
    transfer: Transfer;
    fetch: Fetch;
    order: Omit<DownloadOrder, 'existingFile'>;
    /** When the tracker hears of it: what takes no time is told by the caller, once it is done. */
    announcing: 'at once' | 'when it waits';
  },
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const { transfer, fetch, order, announcing } = fetching;
  const { name, locations, timeoutMs } = order;
  const onAbort = () => fetch.stop(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  transfer.fetch = fetch;
  session.transfers.set(transfer.digest, transfer);
  const announce = () => {
    const announced = name === transfer.digest ? undefined : name;
    void session.announcer.announce(transfer, [{ name: announced, naming: 'keep' }]);
  };
  if (announcing === 'at once') announce();
  using watch = new WaitWatch(fetch, {
    name,
    timeoutMs,
    trackerError: () => session.announcer.trackerError,
    holderCount: () => session.finder.holderCount(transfer),
    onWaiting: (reason) => {
      if (announcing === 'when it waits') announce();
      session.notify({ type: 'waiting', name, reason });
    },
  });
  try {
    if (!fetch.picker.isComplete) session.finder.add(transfer, locations);
    await fetch.done;
  } finally {
    watch.close();
    signal.removeEventListener('abort', onAbort);
    session.finder.remove(transfer);
  }
}
