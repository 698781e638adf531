import type { PeerId } from '#protocol';
import { backoffMs } from '../../core/backoff.js';
import type { Transfer } from '../transfer/transfer.js';

const DIAL_BASE_MS = 500;
const DIAL_MAX_MS = 60_000;
const REFUSAL_BASE_MS = 3_000;
const REFUSAL_MAX_MS = 60_000;
/** A failure is remembered for this long after the peer may be tried again. */
const MEMORY_MS = 10 * 60_000;
const MAX_COUNT = 4_096;

interface Refusal {
  count: number;
  untilMs: number;
}

/** What we remember of a peer beyond its connection. */
export interface Acquaintance {
  /** Transfers that want this peer once it is connected. */
  readonly wanted: Set<Transfer>;
  /** Transfers it would not take part in, and when to ask again. */
  readonly refusals: Map<Transfer, Refusal>;
  failedAttempts: number;
  notBeforeMs: number;
  isDialling: boolean;
}

/** Peers that were met or tried: whom to leave alone, and until when. */
export class Acquaintances {
  private readonly known = new Map<PeerId, Acquaintance>();

  get size(): number {
    return this.known.size;
  }

  of(peerId: PeerId): Acquaintance {
    let acquaintance = this.known.get(peerId);
    if (acquaintance === undefined) {
      acquaintance = {
        wanted: new Set(),
        refusals: new Map(),
        failedAttempts: 0,
        notBeforeMs: 0,
        isDialling: false,
      };
      this.known.set(peerId, acquaintance);
    }
    return acquaintance;
  }

  /** Attempts that have failed since the last that did not. */
  failedAttempts(peerId: PeerId): number {
    return this.known.get(peerId)?.failedAttempts ?? 0;
  }

  /** It could not be reached, or its connection broke: each time it is left alone for longer. */
  failed(peerId: PeerId, nowMs: number): void {
    const acquaintance = this.of(peerId);
    const { failedAttempts: attempt } = acquaintance;
    const limits = { baseMs: DIAL_BASE_MS, maxMs: DIAL_MAX_MS };
    acquaintance.notBeforeMs = nowMs + backoffMs({ attempt, random: Math.random, ...limits });
    acquaintance.failedAttempts += 1;
    acquaintance.wanted.clear();
  }

  /** It does not take part in the transfer: each time it is asked later. */
  refused(peerId: PeerId, transfer: Transfer, nowMs: number): void {
    const { refusals } = this.of(peerId);
    const attempt = refusals.get(transfer)?.count ?? 0;
    const limits = { baseMs: REFUSAL_BASE_MS, maxMs: REFUSAL_MAX_MS };
    const untilMs = nowMs + backoffMs({ attempt, random: Math.random, ...limits });
    refusals.set(transfer, { count: attempt + 1, untilMs });
  }

  isRefused(peerId: PeerId, transfer: Transfer, nowMs: number): boolean {
    const refusal = this.known.get(peerId)?.refusals.get(transfer);
    return refusal !== undefined && nowMs < refusal.untilMs;
  }

  /** Whether it was asked to take part lately, and does not, or no longer. */
  hasRefused(peerId: PeerId, transfer: Transfer): boolean {
    return this.known.get(peerId)?.refusals.has(transfer) ?? false;
  }

  /** Drops what no longer matters, the oldest first when there is too much. */
  forget(nowMs: number, isConnected: (peerId: PeerId) => boolean): void {
    for (const [peerId, acquaintance] of this.known) {
      for (const [transfer, { untilMs }] of acquaintance.refusals) {
        if (nowMs >= untilMs + REFUSAL_MAX_MS) acquaintance.refusals.delete(transfer);
      }
      if (acquaintance.isDialling || isConnected(peerId)) continue;
      const isRemembered =
        acquaintance.refusals.size > 0 ||
        (acquaintance.failedAttempts > 0 && nowMs < acquaintance.notBeforeMs + MEMORY_MS);
      if (!isRemembered || this.known.size > MAX_COUNT) this.known.delete(peerId);
    }
  }
}
