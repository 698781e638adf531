import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Endpoint } from '#protocol';
import type { Strangers } from '../../test/support/strangers.js';

/** How many connections each kind that floods has. */
export const LINES_AT_ONCE = 8;

export interface AbuseTarget {
  readonly endpoint: Endpoint;
  /** What a peer shares; none at a tracker. */
  readonly file: { readonly digest: string; readonly chunkCount: number } | undefined;
}

export interface AbuseStage {
  readonly strangers: Strangers;
  readonly target: AbuseTarget;
  readonly signal: AbortSignal;
}

/** Whose port it is: of a tracker or a peer in the open, or of a peer that takes members only. */
export type AbusedPort = 'tracker' | 'peer' | 'secured-peer';

/** Goes on until the signal. */
export type Abuse = (stage: AbuseStage) => Promise<void>;

/** So many at once of what goes on until its signal. */
export async function keepBusy(count: number, work: (number: number) => Promise<void>) {
  await Promise.all(Array.from({ length: count }, (_, number) => work(number)));
}

/** Resolves when the signal aborts or the socket is gone. */
export async function untilAborted(signal: AbortSignal, socket: Socket): Promise<void> {
  if (signal.aborted || socket.destroyed) return;
  const ended = new AbortController();
  const either = [once(signal, 'abort', ended), once(socket, 'close', ended)];
  await Promise.race(either).catch(() => undefined); // a reset is an end, too
  ended.abort();
  await Promise.allSettled(either);
}
