import type { Offer } from './offer.js';
import { SOURCE_CHECK_MS } from '../peer-config.js';
import type { Transfer } from '../transfer/transfer.js';

/** Files looked at in one turn, so that many of them do not hold up the sockets. */
const MAX_CHECKS_AT_ONCE = 1_000;

/** Which files stand behind which transfer: equal files share one. Notices files that change. Owns
 *  the files and the timer that looks at them. */
export class OfferBook {
  private readonly offers = new Map<Transfer, Offer[]>();
  private readonly timer: NodeJS.Timeout;
  private checks: Iterator<readonly [Transfer, Offer]> | undefined;

  /** `onChanged` is called when a file is not what was hashed any more. */
  constructor(private readonly onChanged: (transfer: Transfer, offer: Offer) => void) {
    this.timer = setInterval(() => void this.check(), SOURCE_CHECK_MS);
  }

  add(transfer: Transfer, offer: Offer): void {
    const known = this.offers.get(transfer);
    if (known === undefined) this.offers.set(transfer, [offer]);
    else known.push(offer);
  }

  of(transfer: Transfer): readonly Offer[] {
    return this.offers.get(transfer) ?? [];
  }

  *all(): Generator<readonly [Transfer, Offer]> {
    for (const [transfer, offers] of this.offers)
      for (const offer of offers) yield [transfer, offer];
  }

  /** Returns what still stands behind the transfer. */
  async remove(transfer: Transfer, offer: Offer): Promise<readonly Offer[]> {
    const left = this.of(transfer).filter((other) => other !== offer);
    if (left.length === 0) this.offers.delete(transfer);
    else this.offers.set(transfer, left);
    await offer.file.close();
    return left;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    for (const [, offer] of [...this.all()]) await offer.file.close();
    this.offers.clear();
  }

  /** Goes on where the last turn stopped. */
  private async check(): Promise<void> {
    this.checks ??= this.all();
    for (let count = 0; count < MAX_CHECKS_AT_ONCE; count += 1) {
      const next = this.checks.next();
      if (next.done === true) {
        this.checks = undefined;
        return;
      }
      const [transfer, offer] = next.value;
      if ((await offer.file.checkUnchanged()) === 'changed') this.onChanged(transfer, offer);
    }
  }
}
