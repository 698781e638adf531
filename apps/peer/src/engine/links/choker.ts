import type { PeerId } from '#protocol';
import { UploadSlots } from '../../core/upload-slots.js';
import { MAX_UPLOAD_SLOT_COUNT } from '../peer-config.js';
import type { PeerLink } from './peer-link.js';
import type { Transfer } from '../transfer/transfer.js';

const REBALANCE_MS = 10_000;
const OPTIMISTIC_MS = 30_000;

/** Gives upload slots to the connections whose other end lacks something, over all transfers. Owns
 *  the rebalancing timer. */
export class Choker {
  private readonly slots = new UploadSlots({
    maxSlotCount: MAX_UPLOAD_SLOT_COUNT,
    optimisticMs: OPTIMISTIC_MS,
    rebalanceMs: REBALANCE_MS,
  });
  private readonly lacking = new Map<PeerId, { link: PeerLink; transfers: Set<Transfer> }>();
  private readonly timer = setInterval(() => this.rebalance(), REBALANCE_MS);

  /** `bytesFrom`: what a peer has given us lately; givers keep their slots. */
  constructor(private readonly bytesFrom: (peerId: PeerId) => number) {}

  peerLacks(link: PeerLink, transfer: Transfer): void {
    const known = this.lacking.get(link.peerId);
    if (known?.link === link) {
      known.transfers.add(transfer);
      return;
    }
    this.lacking.set(link.peerId, { link, transfers: new Set([transfer]) });
    this.slots.peerInterested(link.peerId, performance.now());
    this.rebalance();
    // A second connection to the same peer starts choked while the slot is held already.
    if (this.slots.isUnchoked(link.peerId)) link.uploader.setChoke('unchoked');
  }

  peerLacksNothing(link: PeerLink, transfer: Transfer): void {
    const known = this.lacking.get(link.peerId);
    if (known?.link !== link) return;
    known.transfers.delete(transfer);
    if (known.transfers.size > 0) return;
    this.lacking.delete(link.peerId);
    this.slots.peerNotInterested(link.peerId);
    link.uploader.setChoke('choked');
    this.rebalance();
  }

  close(): void {
    clearInterval(this.timer);
  }

  private rebalance(): void {
    const changes = this.slots.rebalance({
      nowMs: performance.now(),
      random: Math.random,
      bytesFrom: this.bytesFrom,
    });
    for (const peerId of changes.choke) {
      this.lacking.get(peerId)?.link.uploader.setChoke('choked');
    }
    for (const peerId of changes.unchoke) {
      this.lacking.get(peerId)?.link.uploader.setChoke('unchoked');
    }
  }
}
