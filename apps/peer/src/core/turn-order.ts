import { TurnList, type Turn } from './turn-list.js';

/** One place in a {@link TurnOrder}. */
interface KeyTurn<Key> extends Turn<KeyTurn<Key>> {
  readonly key: Key;
}

/** Keys in the order of their turns; everything is O(1), as in {@link TurnList}. */
export class TurnOrder<Key> {
  private readonly turns = new Map<Key, KeyTurn<Key>>();
  private readonly list = new TurnList<KeyTurn<Key>>();

  get size(): number {
    return this.turns.size;
  }

  get first(): Key | undefined {
    return this.list.first?.key;
  }

  /** At the end. Who is in it already keeps its place. */
  add(key: Key): void {
    if (this.turns.has(key)) return;
    const turn: KeyTurn<Key> = { key, previous: undefined, next: undefined };
    this.turns.set(key, turn);
    this.list.append(turn);
  }

  delete(key: Key): void {
    const turn = this.turns.get(key);
    if (turn === undefined) return;
    this.turns.delete(key);
    this.list.detach(turn);
  }

  /** Its turn is over. Who is not in it stays out. */
  moveToEnd(key: Key): void {
    const turn = this.turns.get(key);
    if (turn !== undefined) this.list.moveToEnd(turn);
  }

  /** All in the order of their turns. A copy. */
  toArray(): Key[] {
    const keys: Key[] = [];
    for (let turn = this.list.first; turn !== undefined; turn = turn.next) keys.push(turn.key);
    return keys;
  }
}
