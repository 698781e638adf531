/** One place in a {@link TurnOrder}. */
interface Turn<Key> {
  readonly key: Key;
  previous: Turn<Key> | undefined;
  next: Turn<Key> | undefined;
}

/**
 * Keys in the order of their turns; everything is O(1). A Set keeps an order, too, but whoever asks
 * it for its first key walks over all that were deleted before that one, and where those whose turn
 * has come go to the end, that is nearly as many as there are keys.
 */
export class TurnOrder<Key> {
  private readonly turns = new Map<Key, Turn<Key>>();
  private firstTurn: Turn<Key> | undefined;
  private lastTurn: Turn<Key> | undefined;

  get size(): number {
    return this.turns.size;
  }

  get first(): Key | undefined {
    return this.firstTurn?.key;
  }

  /** At the end. Who is in it already keeps its place. */
  add(key: Key): void {
    if (this.turns.has(key)) return;
    const turn: Turn<Key> = { key, previous: undefined, next: undefined };
    this.turns.set(key, turn);
    this.append(turn);
  }

  delete(key: Key): void {
    const turn = this.turns.get(key);
    if (turn === undefined) return;
    this.turns.delete(key);
    this.detach(turn);
  }

  /** Its turn is over. Who is not in it stays out. */
  moveToEnd(key: Key): void {
    const turn = this.turns.get(key);
    if (turn === undefined || turn === this.lastTurn) return;
    this.detach(turn);
    this.append(turn);
  }

  /** The first in turn that `suits`. O(those before it). */
  find(suits: (key: Key) => boolean): Key | undefined {
    for (let turn = this.firstTurn; turn !== undefined; turn = turn.next) {
      if (suits(turn.key)) return turn.key;
    }
    return undefined;
  }

  /** All in the order of their turns. A copy. */
  toArray(): Key[] {
    const keys: Key[] = [];
    for (let turn = this.firstTurn; turn !== undefined; turn = turn.next) keys.push(turn.key);
    return keys;
  }

  private append(turn: Turn<Key>): void {
    turn.previous = this.lastTurn;
    turn.next = undefined;
    if (this.lastTurn === undefined) this.firstTurn = turn;
    else this.lastTurn.next = turn;
    this.lastTurn = turn;
  }

  private detach({ previous, next }: Turn<Key>): void {
    if (previous === undefined) this.firstTurn = next;
    else previous.next = next;
    if (next === undefined) this.lastTurn = previous;
    else next.previous = previous;
  }
}
