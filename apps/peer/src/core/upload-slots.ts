import type { PeerId } from '#protocol';
import { TurnOrder } from './turn-order.js';

/** `earned`: among those who give most. `turn`: its turn has come; it keeps the slot for a while. */
type SlotKind = 'earned' | 'turn';

interface Slot {
  kind: SlotKind;
  isWanted: boolean;
  readonly sinceMs: number;
}

interface SlotChanges {
  choke: PeerId[];
  unchoke: PeerId[];
}

/** What a rebalance is told. `bytesFrom`: how much a peer gives us, on any scale; `random`: from 0
 *  to below 1. */
interface SlotFacts {
  nowMs: number;
  random: () => number;
  bytesFrom: (peerId: PeerId) => number;
}

/**
 * Who we upload to now. While slots are free whoever is interested gets one at once, and keeps it
 * when it loses interest until somebody else wants it. With more interested peers than slots, every
 * `rebalanceMs` all slots but one go to those who give us most, and what is left over (every slot,
 * when nobody gives) is held in turn, by whoever has waited longest, for `optimisticMs`. Nobody who
 * stays interested waits for ever: the queue is never jumped but by those who give.
 */
export class UploadSlots {
  private readonly slots = new Map<PeerId, Slot>();
  private readonly waiting = new TurnOrder<PeerId>();
  private readonly unwanted = new TurnOrder<PeerId>();
  private dueAtMs = -Infinity;

  constructor(
    private readonly options: { maxSlotCount: number; optimisticMs: number; rebalanceMs: number },
  ) {
    if (!(options.maxSlotCount >= 1)) throw new RangeError('at least one upload slot is needed');
  }

  get slotCount(): number {
    return this.slots.size;
  }

  get waitingCount(): number {
    return this.waiting.size;
  }

  isUnchoked(peerId: PeerId): boolean {
    return this.slots.has(peerId);
  }

  /** May be told again. The first to wait starts the time to the next change. */
  peerInterested(peerId: PeerId, nowMs: number): void {
    const slot = this.slots.get(peerId);
    if (slot !== undefined) {
      slot.isWanted = true;
      this.unwanted.delete(peerId);
      return;
    }
    if (this.waiting.size === 0 && this.dueAtMs <= nowMs) {
      this.dueAtMs = nowMs + this.options.rebalanceMs;
    }
    this.waiting.add(peerId);
  }

  peerNotInterested(peerId: PeerId): void {
    this.waiting.delete(peerId);
    const slot = this.slots.get(peerId);
    if (slot === undefined) return;
    slot.isWanted = false;
    this.unwanted.add(peerId);
  }

  peerLeft(peerId: PeerId): void {
    this.waiting.delete(peerId);
    this.unwanted.delete(peerId);
    this.slots.delete(peerId);
  }

  /** May be called at any event: O(what it changes) until `rebalanceMs` have passed. */
  rebalance(facts: SlotFacts): SlotChanges {
    const changes: SlotChanges = { choke: [], unchoke: [] };
    this.fillFreeSlots(facts.nowMs, changes);
    if (this.waiting.size > 0 && facts.nowMs >= this.dueAtMs) {
      this.dueAtMs = facts.nowMs + this.options.rebalanceMs;
      this.redistribute(facts, changes);
    }
    return changes;
  }

  private fillFreeSlots(nowMs: number, changes: SlotChanges): void {
    let peerId = this.waiting.first;
    while (peerId !== undefined) {
      if (this.slots.size >= this.options.maxSlotCount && !this.takeUnwanted(changes)) return;
      this.give(peerId, { kind: 'turn', nowMs }, changes);
      peerId = this.waiting.first;
    }
  }

  private takeUnwanted(changes: SlotChanges): boolean {
    const peerId = this.unwanted.first;
    if (peerId === undefined) return false;
    this.take(peerId, changes);
    return true;
  }

  /** Called with every slot taken and wanted, and somebody waiting. */
  private redistribute(facts: SlotFacts, changes: SlotChanges): void {
    const givers = new Set(this.mostGiving(facts));
    const turnCount = this.options.maxSlotCount - givers.size;
    const takers = this.waiting.toArray().filter((peerId) => !givers.has(peerId));
    const others = [...this.slots.keys()].filter((peerId) => !givers.has(peerId)).reverse();
    const inTurn = others
      .filter((peerId) => this.isInTurn(peerId, facts.nowMs))
      .slice(0, turnCount);
    const newcomers = takers.slice(0, turnCount - inTurn.length);
    const kept = new Set(inTurn);
    for (const peerId of others) {
      if (kept.size + newcomers.length === turnCount) break;
      kept.add(peerId);
    }
    for (const peerId of others) if (!kept.has(peerId)) this.take(peerId, changes);
    for (const peerId of givers) this.give(peerId, { kind: 'earned', nowMs: facts.nowMs }, changes);
    for (const peerId of newcomers)
      this.give(peerId, { kind: 'turn', nowMs: facts.nowMs }, changes);
  }

  private isInTurn(peerId: PeerId, nowMs: number): boolean {
    const slot = this.slots.get(peerId)!;
    return slot.kind === 'turn' && nowMs - slot.sinceMs < this.options.optimisticMs;
  }

  /** Those who give most, one fewer than there are slots. Among equals who has a slot keeps it. */
  private mostGiving(facts: SlotFacts): PeerId[] {
    return [...this.slots.keys(), ...this.waiting.toArray()]
      .map((peerId) => ({
        peerId,
        bytes: facts.bytesFrom(peerId),
        tie: (this.slots.has(peerId) ? 1 : 0) + facts.random(),
      }))
      .filter((peer) => peer.bytes > 0)
      .sort((a, b) => b.bytes - a.bytes || b.tie - a.tie)
      .slice(0, this.options.maxSlotCount - 1)
      .map((peer) => peer.peerId);
  }

  private give(
    peerId: PeerId,
    { kind, nowMs }: { kind: SlotKind; nowMs: number },
    changes: SlotChanges,
  ): void {
    const slot = this.slots.get(peerId);
    if (slot !== undefined) {
      slot.kind = kind;
      return;
    }
    this.waiting.delete(peerId);
    this.slots.set(peerId, { kind, isWanted: true, sinceMs: nowMs });
    changes.unchoke.push(peerId);
  }

  private take(peerId: PeerId, changes: SlotChanges): void {
    if (this.slots.get(peerId)?.isWanted === true) this.waiting.add(peerId);
    this.slots.delete(peerId);
    this.unwanted.delete(peerId);
    changes.choke.push(peerId);
  }
}
