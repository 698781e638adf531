import { PeerHome } from './peer-home.js';
import type { RunningTracker } from './start-tracker.js';

/** Several homes at one tracker, closed together. */
export class PeerHomes implements AsyncDisposable {
  private constructor(readonly all: readonly PeerHome[]) {}

  static async create(tracker: RunningTracker, count: number): Promise<PeerHomes> {
    const making = Array.from({ length: count }, () => PeerHome.create(tracker));
    return new PeerHomes(await Promise.all(making));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const home of this.all) await home[Symbol.asyncDispose]();
  }
}
