import type { Caller, Digest } from '#protocol';
import type { UntoldCompletions } from '../../disk/untold-completions.js';
import type { TrackerClient } from '../../net/tracker-client.js';

const MAX_FILES_PER_CALL = 500;

/** Files that the tracker is yet to be told this process does not offer, and which of them this
 *  host has had all of. */
export class Withdrawals {
  private readonly waiting = new Map<Digest, { completed: boolean }>();
  /** What an earlier process left to tell. */
  private readonly recalled = new Set<Digest>();

  constructor(private readonly untold: UntoldCompletions) {}

  get size(): number {
    return this.waiting.size;
  }

  add(digest: Digest, withdrawal: { completed: boolean }): void {
    this.waiting.set(digest, withdrawal);
  }

  /** It is offered again. */
  cancel(digest: Digest): void {
    this.waiting.delete(digest);
  }

  /** Adds what earlier processes of this home could not tell, but for what is offered now. */
  async recall(isOffered: (digest: Digest) => boolean): Promise<void> {
    // A home that cannot be read now may be readable at the next contact.
    const digests = await this.untold.list().catch(() => []);
    for (const digest of digests) {
      if (isOffered(digest) || this.waiting.has(digest)) continue;
      this.recalled.add(digest);
      this.waiting.set(digest, { completed: true });
    }
  }

  /** Rejects when the tracker fails; then what it has not answered goes on waiting. */
  async report(
    tracker: { client: TrackerClient; caller: Caller },
    { signal }: { signal: AbortSignal },
  ): Promise<void> {
    const entries = [...this.waiting];
    for (let start = 0; start < entries.length; start += MAX_FILES_PER_CALL) {
      const batch = entries.slice(start, start + MAX_FILES_PER_CALL);
      const files = batch.map(([ref, { completed }]) => {
        return { ref, scope: 'peer' as const, naming: 'keep' as const, completed };
      });
      const request = { ...tracker.caller, files };
      const { results } = await tracker.client.call('unshare', request, { signal });
      for (const [digest, told] of batch) {
        if (this.waiting.get(digest) === told) this.waiting.delete(digest);
      }
      // Another tracker than the one it came from may not know the file.
      const isTold = (index: number) => results[index]?.ok === true;
      const told = batch.flatMap(([digest], index) => (isTold(index) ? [digest] : []));
      await this.forget(told.filter((digest) => this.recalled.delete(digest)));
    }
  }

  /** Leaves what could not be told of complete files to the next process of this home. Returns how
   *  many those are. Throws TransferError on disk errors. */
  async leaveUntold(): Promise<number> {
    const digests = [...this.waiting].flatMap(([digest, { completed }]) =>
      completed && !this.recalled.has(digest) ? [digest] : [],
    );
    if (digests.length > 0) await this.untold.add(digests);
    return digests.length;
  }

  private async forget(digests: readonly Digest[]): Promise<void> {
    // To tell it once more does no harm.
    if (digests.length > 0) await this.untold.remove(digests).catch(() => undefined);
  }
}
