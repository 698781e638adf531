import { formatEndpoint, type Endpoint } from '#protocol';
import type { CutProxy } from '../support/cut-proxy.js';
import type { PeerHome } from '../support/peer-home.js';
import type { ChaosLog } from './chaos-log.js';
import type { Clock } from '../support/clock.js';

/** What an actor is given: a home on a machine with a clock, and a name and a way to it for others. */
export interface ActorPlace {
  readonly title: string;
  readonly home: PeerHome;
  readonly clock: Clock;
  /** Where its processes listen, one at a time. */
  readonly listen: Endpoint;
  /** Others reach it through this alone. */
  readonly proxy: CutProxy;
  readonly log: ChaosLog;
}

/** For every command of its that serves. */
export function placeFlags({ listen, proxy }: ActorPlace): string[] {
  return ['--listen', formatEndpoint(listen), '--advertise', proxy.url];
}
