import { newPeerId, newSession } from '#identity';
import type { Caller, Endpoint, HeartbeatReply, JoinReply } from '#protocol';
import type { TrackerClient } from '../../net/tracker-client.js';
import type { Home } from '../../disk/home.js';
import { joinRequest } from '../announce/join-request.js';

const LEAVE_TIMEOUT_MS = 1_500;

/** One short stay in a network, as a process of this home. Leaves at the end. */
export class TrackerVisit implements AsyncDisposable {
  private constructor(
    private readonly client: TrackerClient,
    private readonly caller: Caller,
    readonly welcome: JoinReply,
    /** One question and its answer, over a connection that is there. */
    readonly roundTripMs: number,
  ) {}

  /** Rejects with what {@link TrackerClient.call} rejects with. */
  static async begin(
    client: TrackerClient,
    about: { home: Home; programVersion: string; endpoints: readonly Endpoint[] },
    { signal }: { signal: AbortSignal },
  ): Promise<TrackerVisit> {
    const { home, programVersion, endpoints } = about;
    const peerId = newPeerId(home.identity);
    const session = newSession();
    const self = { peerId, programVersion, endpoints: () => endpoints };
    const welcome = await client.call('join', joinRequest(self, session), { signal });
    const startMs = performance.now();
    await client.call('list', { prefix: '', limit: 1 }, { signal });
    const roundTripMs = performance.now() - startMs;
    return new TrackerVisit(client, { peerId, session }, welcome, roundTripMs);
  }

  heartbeat({ signal }: { signal: AbortSignal }): Promise<HeartbeatReply> {
    return this.client.call('heartbeat', { ...this.caller, bytesUp: 0, bytesDown: 0 }, { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const signal = AbortSignal.timeout(LEAVE_TIMEOUT_MS);
    // Its lease runs out by itself.
    await this.client.call('leave', this.caller, { signal }).catch(() => undefined);
  }
}
