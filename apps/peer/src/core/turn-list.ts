/** One place in a {@link TurnList}. */
export interface Turn<Self> {
  previous: Self | undefined;
  next: Self | undefined;
}

/**
 * A queue that whatever waits in it may leave from anywhere; everything is O(1). The caller knows
 * who is in it. A Map or a Set keeps an order, too, but whoever asks it for its first key walks over
 * all that were deleted before that one, and where those whose turn has come go to the end, that is
 * nearly as many as there are keys.
 */
export class TurnList<Member extends Turn<Member>> {
  private firstTurn: Member | undefined;
  private lastTurn: Member | undefined;

  get first(): Member | undefined {
    return this.firstTurn;
  }

  append(turn: Member): void {
    turn.previous = this.lastTurn;
    turn.next = undefined;
    if (this.lastTurn === undefined) this.firstTurn = turn;
    else this.lastTurn.next = turn;
    this.lastTurn = turn;
  }

  detach({ previous, next }: Member): void {
    if (previous === undefined) this.firstTurn = next;
    else previous.next = next;
    if (next === undefined) this.lastTurn = previous;
    else next.previous = previous;
  }

  /** The first in turn that `suits`. O(those before it). */
  find(suits: (turn: Member) => boolean): Member | undefined {
    for (let turn = this.firstTurn; turn !== undefined; turn = turn.next) {
      if (suits(turn)) return turn;
    }
    return undefined;
  }

  moveToEnd(turn: Member): void {
    if (turn === this.lastTurn) return;
    this.detach(turn);
    this.append(turn);
  }
}
