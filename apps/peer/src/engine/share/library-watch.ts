import type { SessionObserver } from '../session-event.js';
import type { PeerSession } from '../peer-session.js';
import { TransferError } from '../../core/transfer-error.js';

/** Stops serving what another process of this home has taken out of the library. */
export function watchLibrary(
  session: PeerSession,
  observe: SessionObserver,
  { signal }: { signal: AbortSignal },
): void {
  const compare = async () => {
    const entries = await session.library.entries();
    const kept = new Set(entries.map((entry) => `${entry.name}\0${entry.path}`));
    for (const [transfer, offer] of [...session.offers.all()]) {
      if (signal.aborted) return;
      if (kept.has(`${offer.name}\0${offer.file.path}`)) continue;
      const error = new TransferError('SOURCE_CHANGED', `${offer.name} is no longer shared`);
      observe({ type: 'withdrawn', names: [offer.name], digest: transfer.digest, error });
      await session.removeOffer(transfer, offer, 'OK');
    }
  };
  // One at a time. A library that cannot be read now takes nothing back: the next change is looked
  // at again.
  let comparing = Promise.resolve();
  const onChange = () => {
    comparing = comparing.then(compare).catch((error: unknown) => {
      if (!(error instanceof TransferError)) throw error;
    });
  };
  session.library.watch(onChange, { signal });
}
