/** Events that may wait while one is being applied; more means that applying feeds itself. */
const MAX_INBOX_EVENTS = 100_000;

/**
 * The queue before a state's only writer: events pushed while one is applied wait their turn, all
 * others are applied at once. `apply` never awaits, so nobody ever sees half a change.
 */
export class Inbox<Event> {
  private readonly events: Event[] = [];
  private isDraining = false;

  constructor(private readonly apply: (event: Event) => void) {}

  push(event: Event): void {
    if (this.events.length >= MAX_INBOX_EVENTS) throw new RangeError('inbox overflow');
    this.events.push(event);
    if (this.isDraining) return;
    this.isDraining = true;
    try {
      for (let index = 0; index < this.events.length; index += 1) this.apply(this.events[index]!);
    } finally {
      this.events.length = 0;
      this.isDraining = false;
    }
  }
}
